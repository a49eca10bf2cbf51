/** The product's version; the bundle's build puts commit and time beside it. */
export const VERSION = '0.1.0';
export const GIT_COMMIT: string = process.env['ONGGI_BUILD_COMMIT'] ?? 'unknown';
export const BUILD_TIME: string = process.env['ONGGI_BUILD_TIME'] ?? '1970-01-01T00:00:00Z';
