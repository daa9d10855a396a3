/** The YAML parser, loaded where there is YAML. A module of its own, since bundlers load CommonJS on demand in different ways. */
export { parse as parseYamlText } from "yaml"
