#!/bin/sh
# Makes the keys that docker-compose.yml needs, in deploy/secrets beside this script: one for producers and operators, one for Prometheus, and
# the file of their digests that Headrace reads. Keys that are there are kept; to change one, remove its line from api-keys and run this again.
set -eu

folder=$(cd "$(dirname "$0")" && pwd)/secrets
names='client prometheus'

# The folder keeps other users of this machine out. The files in it must be readable by all, for in a container they belong to another user.
umask 077
mkdir -p "$folder"
umask 022

random_key() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

digest_of() {
  if command -v sha256sum >/dev/null; then printf %s "$1" | sha256sum | cut -d' ' -f1
  else printf %s "$1" | shasum -a 256 | cut -d' ' -f1
  fi
}

touch "$folder/api-keys"
for name in $names; do
  if grep -q "^$name:" "$folder/api-keys"; then
    echo "kept: the key of $name"
    continue
  fi
  key=$(random_key)
  # The key first: a line whose key nobody has would let nobody in, and be kept for ever.
  printf %s "$key" > "$folder/$name-key"
  printf '%s:%s\n' "$name" "$(digest_of "$key")" >> "$folder/api-keys"
  echo "made: $folder/$name-key"
done
