// What the compiler does not see: where things may be used from (architecture: one home each), and habits that hide failures.
import tseslint from "typescript-eslint"

const ambient = [
  { object: "Date", property: "now", message: "Use Effect's Clock." },
  { object: "Math", property: "random", message: "Use Effect's Random, or Entropy for secrets." },
  { object: "process", property: "env", message: "Use platform/Variables.ts." },
  { object: "Effect", property: "runPromise", message: "Only bin.ts runs effects." },
  { object: "Effect", property: "runFork", message: "Only bin.ts runs effects." }
]

const unsafe = [
  { selector: "TSAsExpression > TSAnyKeyword", message: "No `as any`: say what it is." },
  {
    selector:
      "CallExpression[callee.property.name='catchAll'] > ArrowFunctionExpression[params.length=0] > MemberExpression[property.name='void']",
    message: "A failure that nobody hears of: name what is ignored, and why."
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "Use Effect's Clock." }
]

export default tseslint.config(
  { ignores: ["dist/**", "dist-*/**", "node_modules/**", "coverage/**"] },
  ...tseslint.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/ban-ts-comment": [
        "error",
        { "ts-ignore": true, "ts-nocheck": true, "ts-expect-error": "allow-with-description" }
      ],
      "@typescript-eslint/consistent-type-imports": [
        "error",
        { fixStyle: "inline-type-imports", disallowTypeAnnotations: false }
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx"] }],
      "require-yield": "off",
      eqeqeq: ["error", "always", { null: "ignore" }]
    }
  },
  {
    files: ["src/**"],
    rules: {
      "no-console": "error",
      "no-restricted-properties": ["error", ...ambient],
      "no-restricted-syntax": ["error", ...unsafe]
    }
  },
  // CommonJS on purpose, see their opening comments.
  { files: ["scripts/entry.cjs", "test/**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
  { files: ["src/bin.ts", "src/platform/**"], rules: { "no-restricted-properties": "off" } },
  {
    files: ["test/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "CallExpression[callee.property.name=/^(skip|todo|only)$/][callee.object.name=/^(it|test|describe)$/]",
          message: "A test that does not run proves nothing; skipIf(condition) says when and why."
        },
        { selector: "TSAsExpression > TSAnyKeyword", message: "No `as any`: say what it is." }
      ]
    }
  }
)
