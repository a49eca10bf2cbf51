/** Where things lie unless a flag says otherwise (docs/disk-layout.md). */
export const DEFAULT_SOCKET = '/var/run/onggi.sock';
export const DEFAULT_DATA_ROOT = '/var/lib/onggi';
export const DEFAULT_EXEC_ROOT = '/var/run/onggi';
export const DEFAULT_CONFIG_FILE = '/etc/onggi/daemon.json';
export const DEFAULT_PID_FILE = '/var/run/onggi.pid';
/** Containers join it where nothing else is asked for. */
export const DEFAULT_BRIDGE = 'onggi0';
