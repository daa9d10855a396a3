import type { Topic } from "./Topic.ts"

export const sync: Topic = {
  title: "How devices are kept in step",
  blocks: [
    "Every device keeps its own history in a database of its own, and writes one log of what it recorded, imported and forgot. Devices never talk to each other: they meet in a store, which is a bucket or a folder that you own. A push publishes this device's log there; a pull reads the logs of the others.",
    "The history you see is all entries of all logs, without what anybody has forgotten. It does not depend on the order in which things arrive, and doing something twice changes nothing.",
    { heading: "The first device, and the others" },
    {
      lines: [
        "hx import",
        'hx sync init --store "s3://your-bucket/hx?region=us-west-2"',
        "hx sync push",
        "hx sync key > recovery-key.txt"
      ]
    },
    "On another device, with that file:",
    {
      lines: ['hx sync init --store "s3://your-bucket/hx?region=us-west-2" --key-file recovery-key.txt', "hx sync pull"]
    },
    'From then on "hx sync" pulls, then pushes. With nothing to push it asks the store once, and sends nothing.',
    { heading: "What is in a store" },
    {
      rows: [
        ["vault.json", "what a device needs to join, beside the key"],
        ["manifests/", "one object for each device: the list of its segments, and its newest operations"],
        ["segments/", "the history, in compressed and sealed runs that are written once"]
      ]
    },
    "All of it can be made again from the devices, and a device from the store and the key. The database itself never leaves the machine.",
    { heading: "When something goes wrong" },
    {
      rows: [
        ["interrupted", "nothing is half done: run the command again, and it goes on where it was"],
        [
          "two devices at once",
          "each has objects of its own, so neither waits for the other, and neither overwrites anything"
        ],
        [
          "a cloned machine",
          "the second installation that publishes takes an id of its own and keeps what it recorded"
        ],
        [
          "the store went back",
          'hx stops and says so. "hx sync pull --force" takes the store as it is; "hx sync push --force" publishes above everything that anybody has seen'
        ],
        [
          "a device is gone",
          '"hx sync devices forget DEVICE", on any other one, takes its history over and deletes its objects. Should it come back, it is told, and "hx sync init" makes it a new device with all its history'
        ],
        ["an object is damaged", "everything else is applied, the object is named, and the next pull tries it again"],
        [
          "in doubt",
          '"hx sync verify" reads every object and proves it, and names each gap; on the device that wrote what is bad, "hx sync verify --repair" publishes it again'
        ],
        [
          "all else",
          '"hx sync reset" forgets the store and how far sync was, never the history or the key; "hx sync init" and "hx sync pull" then begin anew'
        ]
      ]
    },
    { heading: "Forgetting" },
    "What you forget is gone here at once, and on every other device with its next pull. The device that recorded it then rewrites the object that held it. It stays gone: no old backup, clone or history file brings it back."
  ]
}
