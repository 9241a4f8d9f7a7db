"""Microsoft's Python clients as anybody uses them: nothing here knows of a sandbox, all comes from the environment.

Arguments: the vault's URL and a key's name. Prints one JSON object.
"""

import base64
import json
import sys

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm

SECRET = b"a data encryption key of 32 bytes"


def main(vault: str, name: str) -> None:
    with DefaultAzureCredential() as credential, KeyClient(vault, credential) as client:
        names = [one.name for one in client.list_properties_of_keys()]
        key = client.get_key(name)
        with CryptographyClient(key, credential) as crypto:
            wrapped = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, SECRET).encrypted_key
            same = crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key == SECRET
    found = {"names": names, "id": key.id, "wrapped": base64.b64encode(wrapped).decode(), "same": same}
    print(json.dumps(found))


main(*sys.argv[1:])
