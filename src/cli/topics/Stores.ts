import type { Topic } from "./Topic.ts"

export const stores: Topic = {
  title: "Store URLs",
  blocks: [
    "A store URL says where a history is kept in step. It goes to hx sync init --store, or into HX_SYNC_STORE. Put it in quotes: a shell cuts it at the first &, and zsh takes a ? for a pattern.",
    {
      lines: [
        '"s3://bucket/prefix?region=us-west-2"',
        '"s3://bucket?endpoint=localhost:9000&path_style=true"',
        "folder:/mnt/shared/hx"
      ]
    },
    "Without any, hx sync init keeps the store in a folder beside the history: something to begin with, and to move from later by another init.",
    { heading: "Buckets: Amazon S3, and whatever speaks S3" },
    {
      rows: [
        ["bucket", "the bucket's name; it has to exist"],
        [
          "prefix",
          "where in the bucket; left out, all of it. Several vaults may share a bucket under different prefixes"
        ],
        [
          "region",
          "the bucket's region. Else AWS_REGION, AWS_DEFAULT_REGION, the profile's, or what the bucket reports"
        ],
        [
          "endpoint",
          "the server: host, host:port or https://host:port; Amazon's without it. Without a scheme it means https, and http for this machine and private addresses"
        ],
        [
          "path_style",
          "true: the bucket is in the path of requests; false: it is before the host name. hx knows what the large services want, and otherwise takes true for an endpoint of your own"
        ],
        ["profile", "the profile in the AWS configuration to take credentials and region from; AWS_PROFILE without it"],
        ["access_key, secret_key", "credentials. Only what needs escaping in URLs has to be written as %26, %23, %25"],
        ["session_token", "goes with temporary credentials"]
      ]
    },
    "Keys that stand in the URL are moved to a file that only you can read, and are shown nowhere again. A command line can be seen by others on the machine, so a profile or variables are better.",
    { heading: "Credentials that are not in the URL" },
    "hx looks where the AWS tools look: variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), the profile in ~/.aws/config and ~/.aws/credentials, single sign-on, credential_process, web identity, containers, and the metadata service on Amazon's own machines. See hx help environment.",
    { heading: "Servers of your own" },
    {
      lines: [
        'hx sync init --store "s3://hx-sync?endpoint=localhost:9000&path_style=true"',
        'hx sync init --store "s3://bucket/hx?endpoint=s3.wasabisys.com&region=us-east-1"'
      ]
    },
    "Plain http to anything but this machine and private addresses has to be written out: endpoint=http://… For a certificate of a private authority set AWS_CA_BUNDLE.",
    { heading: "Folders" },
    {
      rows: [
        ["folder:/path", "a folder on this machine, a mounted disk, or one that a file synchroniser keeps in step"],
        ["folder:~/path", "the same, from your home directory"],
        ["folder:path", "the same, from where you are"],
        ["file:///path", "the same as a URL, in which any character can be escaped"]
      ]
    },
    { heading: "Moving" },
    "Another hx sync init with another URL moves this device: the key stays, and the next push publishes everything in the new store. The old one is left as it is."
  ]
}
