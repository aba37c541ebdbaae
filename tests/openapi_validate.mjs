// Validates the OpenAPI document named on the command line with two public validators; exit 1 with their complaints.
import { readFileSync } from "node:fs";
import SwaggerParser from "@apidevtools/swagger-parser";
import { Validator } from "@seriousme/openapi-schema-validator";

const text = readFileSync(process.argv[2], "utf8");
const validator = new Validator();
const result = await validator.validate(JSON.parse(text));
if (!result.valid || validator.version !== "3.1") {
    console.error("openapi-schema-validator:", validator.version, JSON.stringify(result.errors, null, 1));
    process.exit(1);
}
const api = await SwaggerParser.validate(JSON.parse(text));
console.log(Object.keys(api.paths).length, "paths");
