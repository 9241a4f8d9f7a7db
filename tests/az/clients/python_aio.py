"""The same with Microsoft's asynchronous Python clients.

Arguments: the vault's URL and a key's name. Prints one JSON object.
"""

import asyncio
import base64
import json
import sys

from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.keys.crypto import KeyWrapAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient

SECRET = b"a data encryption key of 32 bytes"


async def main(vault: str, name: str) -> None:
    async with DefaultAzureCredential() as credential, KeyClient(vault, credential) as client:
        names = [one.name async for one in client.list_properties_of_keys()]
        key = await client.get_key(name)
        async with CryptographyClient(key, credential) as crypto:
            wrapped = (await crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, SECRET)).encrypted_key
            same = (await crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped)).key == SECRET
    found = {"names": names, "id": key.id, "wrapped": base64.b64encode(wrapped).decode(), "same": same}
    print(json.dumps(found))


asyncio.run(main(*sys.argv[1:]))
