/** What commands are made of. */

const words = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

export const NOUNS = words(`
  account address adapter agent alert api archive asset auth backup badge balance banner batch billing block bridge buffer build bundle cache
  calendar card cart catalog channel chart checkout client clock cluster codec column comment config connection consumer container content context
  contract cookie counter coupon crawler credential cron currency cursor customer dashboard database dataset deploy device dialog digest document
  domain draft driver editor email encoder endpoint engine entity error event export feature feed field file filter flag folder form format frame
  gateway graph grid group handler hash header health heatmap history hook image import index ingest input inventory invoice item job journal key
  label layer layout ledger library limit link list listener loader lock log login mailer manifest map marker matrix media member menu merge
  message metric migration mirror model module monitor namespace node notice number object offer option order outbox output package page panel
  parser partner patch path payment payload permission picker pipeline plan player plugin policy pool portal preview price printer product profile
  project prompt proxy queue quota range rate reader receipt record region registry release render replica report request resource response result
  retry review role route router rule runner sample scanner schedule schema scope script search secret segment sensor series server service session
  setting shard shipment sidebar signal site slot snapshot socket source stage state stats status step storage store stream string style summary
  support survey switch symbol sync table tag target task team template tenant test theme thread ticket timeline timer token tool topic trace
  tracker transfer tree trigger tunnel type unit update upload user validator value vault vendor version video view viewer volume voucher wallet
  warehouse watcher webhook widget window worker workflow writer zone`)

export const VERBS = words(`
  add adjust allow apply avoid bump cache cap change check clean clear close collect compare compute configure convert correct count create cut
  debug decode define delay delete deprecate detect disable document drop enable encode ensure escape expand expose extract fail fetch filter find
  fix flatten flush format generate group guard handle hide ignore implement improve include increase index inline insert introduce invert keep
  limit load log loosen make mark measure merge migrate mock move name narrow normalize notify open optimize pass pin prefer prepare prevent print
  prune raise read rebuild record recover reduce refactor refresh reject release reload remove rename render reorder repair replace report require
  reset resolve restore retry return reuse revert rewrite run save scope send set share show silence simplify skip sort speed split stop store
  stream support swap switch sync test throttle tidy tighten trace track trim tune type unify update upgrade use validate verify wait warn wrap
  write`)

export const ADJECTIVES = words(`
  async atomic bad broken cached central cheap clean closed cold common custom dead deep default dirty double dry dynamic early empty exact expired
  extra failed fast final first flaky fresh full generic global hidden idle inner internal invalid large last late lazy legacy live local long loose
  main manual minimal missing mixed native nested new next null old open optional outer parallel partial pending plain primary private public pure
  random rare raw ready recent remote safe shared short silent simple single slow small stable stale static strict sudden temporary unused upper
  valid verbose virtual weak wide wrong`)

export const SYLLABLES = words(`
  al an ar ba be bo bri ca ce cor da del di do el en er fa fi fle ga ge gla hel ho in ja ka ki la le li lo lu ma me mi mo na ne ni no o or pa pe
  phi po qua ra re ri ro ru sa se si sol sta ta te ti to tra tri u va ve vi vo wa win xe ya ze zo`)

export const PACKAGES = words(`
  build-essential curl jq htop ripgrep fd-find tmux neovim python3-venv postgresql-client redis-tools nginx certbot docker-compose-plugin libssl-dev
  zlib1g-dev cmake ninja-build clang lldb gdb strace tcpdump nmap socat netcat-openbsd rsync rclone restic shellcheck graphviz imagemagick ffmpeg
  pandoc texlive-latex-base gnupg2 age sqlite3 golang-go openjdk-17-jdk maven gradle nodejs yarn fzf bat exa direnv mosh wireguard-tools unzip zstd
  parallel moreutils entr hyperfine valgrind linux-tools-generic bpftrace sysstat iotop lsof pciutils smartmontools ncdu tree universal-ctags`)

export const NPM_PACKAGES = words(`
  react vite vitest eslint prettier typescript zod express fastify pino axios lodash dayjs commander chalk execa prisma drizzle-orm knex pg redis
  ioredis bullmq graphql urql tailwindcss postcss autoprefixer storybook playwright puppeteer msw nock supertest tsx tsup esbuild rollup nodemon
  husky lint-staged semantic-release dotenv helmet cors jsonwebtoken bcrypt sharp multer nodemailer handlebars marked d3 three recharts zustand jotai`)

export const SERVERS = words(
  `web db cache api worker build mail proxy backup monitor git ci edge search queue stage vpn nas`
)

/** None has the byte 0x83 in UTF-8, which zsh's history files would need escaped. */
export const UNICODE_NAMES = [
  "Überblick.md",
  "résumé.pdf",
  "日本語の日記.txt",
  "Żółw.txt",
  "отчёт.csv",
  "photo 📷.jpg",
  "naïve.py",
  "数据.json"
]

export const UNICODE_PHRASES = [
  "✨ polish",
  "🐛 fix",
  "naïve café",
  "größere Änderung",
  "修正する",
  "обновить",
  "→ done"
]
