/** Settings of the embedded server, given on its command line so that an upgrade of ours is in force at the next start. */
export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: '5432', // only names the socket file
  unix_socket_permissions: '0700',
  max_connections: '50',
  superuser_reserved_connections: '2',
  shared_buffers: '64MB',
  work_mem: '8MB',
  max_parallel_workers_per_gather: '0', // containers have a small /dev/shm
  max_logical_replication_workers: '0',
  jit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  synchronous_commit: 'on',
  min_wal_size: '64MB',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',
  // Predicate locks otherwise grow to whole pages and tables: measured at a sixth of the serialization failures.
  max_pred_locks_per_transaction: '1024',
  max_pred_locks_per_page: '64',
  max_pred_locks_per_relation: '4096',
  default_transaction_isolation: 'read committed',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  log_parameter_max_length_on_error: '0',
};
