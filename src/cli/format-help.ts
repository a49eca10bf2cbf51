/** What `--format` takes where objects are listed. */
export const FORMAT_HELP = `How to show each one: 'table' (the default), 'table TEMPLATE', 'json', or a Go template`;

/** What `--format` takes where an object is shown. */
export const OBJECT_FORMAT_HELP = `How to show it: 'json', or a Go template`;
