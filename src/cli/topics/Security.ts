import type { Topic } from "./Topic.ts"

export const security: Topic = {
  title: "Security",
  blocks: [
    "What leaves the machine is compressed and then encrypted on it, unless the vault was made with --no-encrypt. Whoever owns, hosts or steals the store cannot read it, cannot change it unnoticed, and cannot put one object in another's place.",
    { heading: "The key" },
    "A vault has one key of 256 random bits. hx sync init makes it, prints it once as the recovery key (hx1…), and keeps it on the device. A device joins with the recovery key, or with the passphrase if the vault has one. Without either, nobody gets in, and nobody can help: keep a copy where the machines are not.",
    {
      rows: [
        ["hx sync key", "shows it, and the file it is kept in"],
        ["hx sync key > FILE", "keeps it in a file"],
        ["hx sync init --key-file FILE", "joins with it"],
        ["hx sync key passphrase", "sets, changes or removes the passphrase"],
        ["hx sync key rotate", "gives the vault a new key"]
      ]
    },
    "Keys and passphrases come from files, variables (HX_SYNC_KEY, HX_SYNC_PASSPHRASE) or a question at the terminal, never from an option: others on the machine can see those. They are in no message and no log.",
    { heading: "A lost device" },
    "Revoke its credentials for the store, then on another device: hx sync key rotate. The others stop (exit code 3) until hx sync init --key-file gives them the new recovery key; then they publish everything anew under it.",
    "Who has the lost device can read what it could read before: the vault as it was, in copies, and whatever devices without the new key have published. It reads nothing that is sealed under the new key. Before the rotation it can publish in the name of every device, and is believed; afterwards nobody who has the new key believes what it publishes, and it is reported (exit code 8). While it may write to the store it can delete and overwrite objects: that is reported too, and takes nothing from the devices.",
    "Changing the passphrase alone changes vault.json alone: an old copy of that still opens with the old passphrase. Rotate the key where somebody knows the passphrase who should not; a rotation removes it.",
    { heading: "Where secrets are kept on this machine" },
    {
      rows: [
        [
          "keys/",
          "in the data directory: recovery keys, one file for each vault (.next: of a rotation under way), readable by you alone"
        ],
        ["credentials", "in the data directory: keys that stood in a store URL, readable by you alone"],
        ["history.db", "in the data directory: the history itself, not encrypted, readable by you alone"],
        ["config.yaml", "in the configuration directory: settings. No secret belongs there"]
      ]
    },
    "The data directory is $HX_DATA_DIR, else $XDG_DATA_HOME/hx, else ~/.local/share/hx. hx sync reset --forget-key removes a vault's key from the device.",
    { heading: "What a store can see" },
    "That there is a vault; how many devices it has, under random ids; how many objects each has, how large they are, and when they were written. Not: commands, directories, hosts, users, device names, or how many entries there are.",
    "A store can hold back what is new, or show an older state. Each device remembers the newest it has seen of every other, and the devices tell each other, so a step back is reported (exit codes 4 and 8).",
    { heading: "How" },
    "AES-256-GCM, with a key of its own for every object, derived by HKDF-SHA-512 from the vault's key, a random salt, and the place where the object belongs. A passphrase wraps the key with scrypt.",
    "Without encryption objects carry digests: accidents are noticed, attackers are not stopped.",
    { heading: "What came from elsewhere" },
    "Commands are shown with control characters, invisible characters and those that change the reading direction written out, so that no entry can steer your terminal or pass for another one. Files, pipes and --format null have them as they are.",
    { heading: "Forgetting" },
    "A secret that you typed: hx forget --match - (it asks for the text, so that this is not in your shell's history once more), then hx sync here, on the device that recorded it, and on the others. It is overwritten in the database, its index and log; the objects that held it are replaced and deleted, and so are their older versions in a bucket that keeps them, where the credentials allow it: push tells how many are left where they do not. Then change the secret all the same.",
    "It is not reached in: your shell's own history file, which hx only reads, and where the hx forget that you typed may stand too (name the entry by its id instead); exports and backups; copies of the store that others keep, such as snapshots or the versions of a file synchroniser; a device that is off, or was lost, until it syncs."
  ]
}
