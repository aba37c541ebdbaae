// The npm package standardwebhooks as judge: reads [{secret, headers, body}] and says of each whether it verifies.
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const verdicts = JSON.parse(readFileSync(0, "utf8")).map(({ secret, headers, body }) => {
  try {
    return { ok: true, says: new Webhook(secret).verify(body, headers) };
  } catch (error) {
    return { ok: false, says: String(error.message) };
  }
});
console.log(JSON.stringify(verdicts));
