// Microsoft's JavaScript clients as anybody uses them: nothing here knows of a sandbox, all comes from the environment.
// Arguments: the vault's URL and a key's name. Prints one JSON object.
const { DefaultAzureCredential } = require("@azure/identity");
const { CryptographyClient, KeyClient } = require("@azure/keyvault-keys");

async function main(vault, name) {
  const credential = new DefaultAzureCredential();
  const client = new KeyClient(vault, credential);
  const names = [];
  for await (const properties of client.listPropertiesOfKeys()) {
    names.push(properties.name);
  }
  const key = await client.getKey(name);
  const crypto = new CryptographyClient(key.id, credential);
  const secret = Buffer.from("a data encryption key of 32 bytes");
  const wrapped = await crypto.wrapKey("RSA-OAEP-256", secret);
  const unwrapped = await crypto.unwrapKey("RSA-OAEP-256", wrapped.result);
  return {
    names,
    id: key.id,
    wrapped: Buffer.from(wrapped.result).toString("base64"),
    same: Buffer.from(unwrapped.result).equals(secret),
  };
}

main(...process.argv.slice(2)).then(
  (found) => console.log(JSON.stringify(found)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
