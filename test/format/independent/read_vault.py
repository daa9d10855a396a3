#!/usr/bin/env python3
"""Lists everything in a vault of hx. Written from the opening comments of src/format and src/domain alone, without hx's code.

    read_vault.py DIRECTORY [FILE WITH THE RECOVERY KEY]

prints JSON, a value a line: the number of entries and their digest; then for each log its device and label, and its operations.
Needs Debian's python3-cryptography and python3-brotli.
"""
import hashlib, hmac, json, pathlib, sys, zlib
import brotli
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def check(condition, what):
    if not condition:
        raise SystemExit(f"refused: {what}")


def sha256(data):
    return hashlib.sha256(data).digest()


# --- Keyring.ts: keys derived from an epoch's key

def fields(*values):
    return b"".join(len(v.encode()).to_bytes(2, "big") + v.encode() for v in values)


def hkdf(key, salt, info, length):
    return HKDF(SHA512(), length, salt, info).derive(key)


def derive(key, length, *info):
    return hkdf(key, b"", fields(*info), length)


# --- RecoveryKey.ts: Bech32m

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def polymod(values):
    check_sum = 1
    for value in values:
        top = check_sum >> 25
        check_sum = (check_sum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check_sum ^= generator if top >> bit & 1 else 0
    return check_sum


def recovery_key(text, vault_id):
    text = "".join(text.split()).lower()
    check(text.startswith("hx1") and len(text) == 75, "not a recovery key")
    words = [ALPHABET.index(character) for character in text[3:]]
    prefix = [ord(c) >> 5 for c in "hx"] + [0] + [ord(c) & 31 for c in "hx"]
    check(polymod(prefix + words) == 0x2BC830A3, "the recovery key is mistyped")
    number = int("".join(f"{word:05b}" for word in words[:-6]), 2)
    data = (number >> 2).to_bytes(41, "big")
    check(number & 3 == 0 and data[0] == 1, "a newer recovery key")
    check(data[3:9] == sha256(b"hx.vault.fingerprint.1" + vault_id.encode())[:6], "another vault's recovery key")
    return int.from_bytes(data[1:3], "big"), data[9:]


# --- VaultDescriptor.ts: vault.json

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unseal(okm, wrapped):
    return AESGCM(okm[:32]).decrypt(okm[32:], bytes.fromhex(wrapped), None)


def vault_keys(raw, key_text):
    vault = json.loads(raw)
    readable = json.dumps(vault, sort_keys=True, indent=2, ensure_ascii=False).encode() + b"\n"
    check(vault["format"] == "hx-vault" and readable == raw, "not a vault's descriptor")
    check(vault.pop("checksum") == sha256(canonical(vault)).hex(), "vault.json is damaged")
    check(vault["version"] == 1 and vault["mandatory"] == [], "a newer vault")
    vault_id, mac = vault["vault"], vault.pop("mac")
    if vault["cipher"] == "none":
        return vault, {}
    epoch, key = recovery_key(key_text, vault_id)
    check(epoch == vault["epoch"] == len(vault["epochs"]), "an old recovery key")
    keys = {epoch: key}
    mac_key = derive(key, 32, "hx.vault.mac.1", vault_id)
    check(hmac.new(mac_key, canonical(vault), "sha256").hexdigest() == mac, "vault.json was tampered with")
    for record in reversed(vault["epochs"]):
        number = record["epoch"]
        if number < epoch:
            okm = derive(keys[number + 1], 44, "hx.vault.wrap.1", vault_id, str(number))
            keys[number] = unseal(okm, record["wrapped"])
        check(derive(keys[number], 16, "hx.vault.check.1", vault_id, str(number)).hex() == record["check"], "key check")
    return vault, keys


def check_accepted(vault, sealed, manifest):
    """Under a key that is over, only the manifests that stood when it ended are believed."""
    device, epoch = manifest["device"], manifest["epoch"]
    check(epoch == int.from_bytes(sealed[8:12], "big"), "another epoch than it says")
    if epoch == vault["epoch"]:
        return
    accepted = vault["epochs"][epoch - 1]["accepted"]
    check({"device": device, "sequence": manifest["sequence"]} in accepted, "published under a key that is over")
    objects = [each for rotation in vault.get("rotations", []) if rotation["epoch"] == epoch for each in rotation["objects"]]
    digests = [each["sha256"] for each in objects if each["device"] == device]
    check(not digests or sha256(sealed).hex() in digests, "not the manifest that stood when its key ended")


# --- Envelope.ts

def open_object(data, vault_id, keys, kind, device, object_id):
    check(len(data) >= 76 and data[:4] == b"\x89hx\n", "not an object of hx")
    check(int.from_bytes(data[72:76], "big") == zlib.crc32(data[:72]), "damaged header")
    version, suite, codec, zero = data[4:8]
    check(version == 1 and suite in (0, 1) and codec in (0, 1) and zero == 0, "a newer object")
    check((suite == 1) == bool(keys), "encrypted where the vault is not, or the other way round")
    epoch, size = int.from_bytes(data[8:12], "big"), int.from_bytes(data[12:16], "big")
    context = fields(vault_id, kind, device, object_id)
    if suite == 0:
        payload = data[76:]
        check(data[40:72] == sha256(data[:40] + context + payload), "damaged object")
    else:
        okm = hkdf(keys[epoch], data[16:40], data[:40] + context, 76)
        check(hmac.compare_digest(okm[44:], data[40:72]), "another key, or another place")
        payload = AESGCM(okm[:32]).decrypt(okm[32:44], data[76:], data[:76])
    plaintext = brotli.decompress(payload) if codec == 1 else payload
    check(len(plaintext) == size, "another size")
    return plaintext


# --- ByteColumn.ts

class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        check(self.at + length <= len(self.data), "cut short")
        self.at += length
        return self.data[self.at - length : self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self):
        return unzigzag(self.varint())

    def more(self):
        return self.at < len(self.data)


def unzigzag(value):
    return value >> 1 if value % 2 == 0 else -(value >> 1) - 1


def column(data, count):
    """Varints in planes: an iterator over them."""
    reader, values, still_open, shift = Bytes(data), [0] * count, range(count), 0
    while still_open:
        plane = reader.take(len(still_open))
        for index, byte in zip(still_open, plane):
            values[index] |= (byte & 127) << shift
        still_open = [index for index, byte in zip(still_open, plane) if byte >= 128]
        shift += 7
    check(not reader.more(), "a column too long")
    return iter(values)


# --- EntryId.ts

def entry_id(tag, *values):
    encoded = b"".join(b"%d:%s" % (len(v.encode()), v.encode()) for v in (tag, *map(str, values)))
    return sha256(encoded)[:16].hex()


def derived_id(e):
    if e["origin"] == "live":
        return entry_id("hx.entry.live.1", e["session"], e["ordinal"], e["start"], e["command"])
    if e["start"] is None:
        return entry_id("hx.entry.undated.1", e["command"], e["ordinal"])
    return entry_id("hx.entry.import.1", e["start"], e["command"], e["ordinal"])


# --- Segment.ts

def read_segment(data, log_device):
    reader = Bytes(data)
    check(reader.varint() == 1, "a newer segment")
    sections = [reader.take(reader.varint()) for _ in range(16)]
    kinds, pairs = [], Bytes(sections[0])
    while pairs.more():
        kind = pairs.varint()
        kinds += [kind] * pairs.varint()
    others = Bytes(sections[15])
    adds = read_adds(sections, kinds.count(1), log_device)
    for kind in kinds:
        check(1 <= kind <= 4, "an operation that needs a newer hx")
        if kind == 1:
            yield {"kind": "add", "entry": next(adds)}
        elif kind == 2:
            optional = lambda: others.signed() if others.varint() else None
            yield {"kind": "finish", "id": others.take(16).hex(), "exit": optional(), "duration": optional()}
        elif kind == 3:
            digests = lambda: [others.take(16).hex() for _ in range(others.varint())]
            rule = {"ids": digests(), "twins": digests(), "windows": []}
            for _ in range(others.varint()):
                window = {"from": others.signed(), "to": others.signed(), "device": others.take(16).hex()}
                rule["windows"].append(window if window["device"] != "0" * 32 else {**window, "device": None})
            yield {"kind": "forget", "rule": rule}
        else:
            yield {"kind": "purged", "identity": others.take(16).hex()}
    check(not others.more() and not reader.more(), "too long")


def texts(data):
    return [text.decode() for text in data.split(b"\xff")[:-1]]


def read_adds(sections, count, log_device):
    unread, terms, directories, shapes = texts(sections[1]), texts(sections[3]), texts(sections[6]), sections[8]
    commands, contexts, places = (column(sections[index], count) for index in (2, 5, 7))
    with_flag = lambda flag: sum(1 for shape in shapes if shape & flag)
    starts, micros, durations, exits, ordinals = (
        column(sections[index], with_flag(flag)) for index, flag in ((9, 1), (10, 2), (11, 4), (12, 16), (13, 32)))
    ids, new_contexts = Bytes(sections[14]), Bytes(sections[4])
    unread.reverse()
    numbered, recent, seen, context, second, undated = [], [], [], None, 0, {}

    def command():
        value = next(commands)
        if value == 0:
            return unread.pop()
        if value == 1:
            numbered.append(unread.pop())
            number = len(numbered) - 1
        else:
            number = recent[value - 2] if value < 34 else value - 34
        if number in recent:
            recent.remove(number)
        recent.insert(0, number)
        del recent[32:]
        return numbered[number]

    for shape in shapes:
        value = next(contexts)
        if value == 1:
            term = [terms[k - 1] if k else None for k in (new_contexts.varint() for _ in range(6))]
            names = dict(zip(("session", "host", "user", "shell", "origin", "device"), term))
            context = {"names": {**names, "device": names["device"] or log_device}, "cwd": None, "ordinal": 0}
            seen.append(context)
        elif value > 1:
            context = seen[len(seen) - 1 - (value - 2)]
        place = next(places)
        if place:
            context["cwd"] = None if place == 1 else directories[place - 2]
        entry = {"id": None, "start": None, "duration": None, "exit": None, "command": command(), "cwd": context["cwd"],
                 **context["names"], "ordinal": None}
        if shape & 1:
            second += unzigzag(next(starts))
            entry["start"] = second * 1_000_000 + (next(micros) if shape & 2 else 0)
        if shape & 4:
            entry["duration"] = unzigzag(next(durations)) * (1 if shape & 8 else 1_000_000)
        if shape & 16:
            entry["exit"] = unzigzag(next(exits))
        if shape & 32:
            ordinal = unzigzag(next(ordinals))
            if entry["origin"] == "live":
                ordinal += context["ordinal"]
                context["ordinal"] = ordinal + 1
            elif entry["start"] is None:
                ordinal += undated.get(entry["command"], 0)
                undated[entry["command"]] = ordinal + 1
            entry["ordinal"] = ordinal
        entry["id"] = ids.take(16).hex() if shape & 64 else derived_id(entry)
        yield entry
    check(not unread and not new_contexts.more() and not ids.more(), "more than the entries need")


# --- Manifest.ts, and HistoryDigest.ts for the sum of it all

def read_log(directory, vault, keys, device):
    vault_id = vault["vault"]
    sealed = (directory / "manifests" / f"{device}.hxm").read_bytes()
    reader = Bytes(open_object(sealed, vault_id, keys, "manifest", device, ""))
    manifest = json.loads(reader.take(reader.varint()))
    check(manifest["version"] == 1 and manifest["mandatory"] == [] and manifest["device"] == device, "manifest")
    check_accepted(vault, sealed, manifest)
    operations = []
    for ref in manifest["segments"]:
        data = (directory / "segments" / device / f"{ref['id']}.hxs").read_bytes()
        plaintext = open_object(data, vault_id, keys, "segment", device, ref["id"])
        check(sha256(plaintext).hex() == ref["sha256"], "another segment than the manifest names")
        check(ref["first"] == len(operations) + 1, "a gap")
        operations += read_segment(plaintext, device)
        check(ref["last"] == len(operations), "another number of operations")
    operations += read_segment(reader.data[reader.at :], device)
    check(manifest["last"] == len(operations), "another number of operations")
    return {"device": device, "label": manifest["label"]}, operations


def digest(entries):
    names = ("id", "start", "duration", "exit", "command", "cwd", "session", "host", "user", "shell", "origin")
    total = 0
    for entry in entries:
        values = ["hx.digest.1", *(entry[name] for name in names)]
        encoded = b"".join(b"-" if v is None else b"%d:%s" % (len(str(v).encode()), str(v).encode()) for v in values)
        total += int.from_bytes(sha256(encoded), "big")
    return f"{total % 2**256:064x}"


def main(path, key_file=None):
    directory = pathlib.Path(path)
    key_text = pathlib.Path(key_file).read_text() if key_file else ""
    vault, keys = vault_keys((directory / "vault.json").read_bytes(), key_text)
    devices = sorted(file.stem for file in (directory / "manifests").glob("*.hxm"))
    logs = [read_log(directory, vault, keys, device) for device in devices]
    entries = {o["entry"]["id"]: o["entry"] for _, log in logs for o in log if o["kind"] == "add"}
    print(json.dumps({"entries": len(entries), "digest": digest(entries.values())}))
    for name, operations in logs:
        for line in [name, *operations]:
            print(json.dumps(line))


main(*sys.argv[1:])
