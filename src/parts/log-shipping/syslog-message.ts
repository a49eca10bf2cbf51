/** Numbers by name (RFC 5424, table 1). */
const FACILITIES: readonly string[] = [
  'kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp',
  '', '', '', '', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7',
];
const DAEMON = 3;
const ERROR = 3;
const INFO = 6;

/** @throws {Error} in dockerd's words */
export function parseFacility(text: string | undefined): number {
  if (!text) return DAEMON;
  const named = FACILITIES.indexOf(text);
  if (named >= 0) return named;
  if (/^\d{1,2}$/.test(text) && Number(text) < FACILITIES.length) return Number(text);
  throw new Error('invalid syslog facility');
}

export type SyslogFormat = 'unix' | 'rfc3164' | 'rfc5424' | 'rfc5424micro';

/** @throws {Error} in dockerd's words */
export function parseFormat(text: string | undefined): SyslogFormat {
  if (!text) return 'unix';
  if (text === 'rfc3164' || text === 'rfc5424' || text === 'rfc5424micro') return text;
  throw new Error('Invalid syslog format');
}

export interface SyslogSettings {
  readonly format: SyslogFormat;
  readonly facility: number;
  readonly tag: string;
  readonly hostname: string;
  readonly pid: number;
  /** Each message behind its length (RFC 5425), as over TLS; otherwise it ends with a newline. */
  readonly counted: boolean;
}

/** One message, framed. `time` is the log's: RFC 3339 in UTC with up to nine digits of the second. */
export function syslogMessage(settings: SyslogSettings, { source, time, text }: { readonly source: 'stdout' | 'stderr'; readonly time: string; readonly text: Buffer }): Buffer {
  const priority = settings.facility * 8 + (source === 'stderr' ? ERROR : INFO);
  const head = Buffer.from(headOf(settings, priority, time));
  if (settings.counted) {
    // the content ends with a newline there too, as with Docker
    return Buffer.concat([Buffer.from(`${head.length + text.length + 1} `), head, text, NEWLINE]);
  }
  return Buffer.concat([head, text, NEWLINE]);
}

const NEWLINE: Buffer = Buffer.from('\n');

// moby daemon/logger/syslog/syslog.go and its srslog: app name and message id are both the tag
function headOf({ format, tag, hostname, pid }: SyslogSettings, priority: number, time: string): string {
  const at = new Date(time);
  switch (format) {
    case 'unix':
      return `<${priority}>${stamp(at)} ${tag}[${pid}]: `;
    case 'rfc3164':
      return `<${priority}>${stamp(at)} ${hostname} ${tag}[${pid}]: `;
    case 'rfc5424':
      return `<${priority}>1 ${local(at)}${zone(at)} ${hostname} ${tag} ${pid} ${tag} - `;
    case 'rfc5424micro':
      return `<${priority}>1 ${local(at)}.${time.slice(20, -1).padEnd(6, '0').slice(0, 6)}${zone(at)} ${hostname} ${tag} ${pid} ${tag} - `;
    default:
      return format satisfies never;
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');
const clock = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

/** `Jan  2 15:04:05`, in the host's time zone. */
function stamp(at: Date): string {
  return `${MONTHS[at.getMonth()] ?? ''} ${String(at.getDate()).padStart(2)} ${clock(at)}`;
}

function local(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}`;
}

function zone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  if (minutes === 0) return 'Z';
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
