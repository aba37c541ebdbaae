// npm oidc-provider as it is, with the pages it brings along: the provider that users sign in with. Settings come as one line
// of JSON on stdin: client_id, client_secret, redirect_uris, claims {name: {email, ...}}. Prints {"issuer"}; ends with its stdin.
import crypto from "node:crypto";
import { createServer } from "node:http";
import { register } from "node:module";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin });
const settings = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
// Debian's Node.js is older than what oidc-provider wants: it gets crypto.hash, URL.parse and the global crypto from here.
if (!crypto.hash) {
    const script = (text) => "data:text/javascript," + encodeURIComponent(text);
    const with_hash = script('import * as crypto from "crypto"; export * from "crypto"; export default crypto.default;'
        + 'export const hash = (name, data, encoding = "hex") => crypto.createHash(name).update(data).digest(encoding);');
    register(script("export const resolve = (name, context, next) => name === 'node:crypto'"
        + ` ? { url: ${JSON.stringify(with_hash)}, shortCircuit: true } : next(name, context);`));
}
globalThis.crypto ??= crypto.webcrypto;
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
const { default: Provider } = await import("oidc-provider");

const server = createServer();
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
    clients: [{ client_id: settings.client_id, client_secret: settings.client_secret, redirect_uris: settings.redirect_uris }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id, ...settings.claims[id] }) }),
});
server.on("request", provider.callback());
process.stdin.on("end", () => process.exit(0));
process.stdin.on("close", () => process.exit(0));
process.stdout.write(JSON.stringify({ issuer }) + "\n");
