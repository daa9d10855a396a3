/*
 * Preloaded into hx, this stands between the program and the C library wherever the program changes files below given directories: it numbers these
 * calls from 1, fails or kills at one of them, and writes down what each did.
 *
 *   HX_SHIM_ROOTS    directories, separated by colons; calls elsewhere pass unseen
 *   HX_SHIM_KINDS    letters of the calls that are numbered (all by default): W write, S fsync and fdatasync, T truncate, C a file made, D a directory
 *                    made, R rename, L link, U unlink and rmdir
 *   HX_SHIM_ACT      what happens at call N: "kill:N:before", "kill:N:after", "kill:N:torn" (half of a write arrives), "fail:N:ERRNO" (this call
 *                    alone), "fail-from:N:ERRNO" (this one and all later ones); ERRNO is a number
 *   HX_SHIM_JOURNAL  a file to append to: for each call, with or without a number, a line "KIND INODE OFFSET LENGTH PATH1 PATH2\n" (lengths of what follows), then the
 *                    first path, the second, and the bytes. PATH1 of an inode is empty where it has one already; R and L have both.
 *
 * Linux only. Memory maps are not seen, of which SQLite uses one: the index of its write-ahead log (-shm), which is made anew after a power failure.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum act { NOTHING, KILL_BEFORE, KILL_AFTER, KILL_TORN, FAIL, FAIL_FROM };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int ready = 0, journal = -1, fail_with = EIO;
static char roots[8192], kinds[64];
static enum act act = NOTHING;
static long at = 0, count = 0;


static void prepare(void) {
  if (ready) return;
  ready = 1;
  const char *given = getenv("HX_SHIM_ROOTS");
  if (given) snprintf(roots, sizeof roots, "%s", given);
  given = getenv("HX_SHIM_KINDS");
  snprintf(kinds, sizeof kinds, "%s", given ? given : "WSTCDRLU");
  given = getenv("HX_SHIM_ACT");
  char what[16] = "", how[16] = "";
  if (given && sscanf(given, "%15[^:]:%ld:%15s", what, &at, how) == 3) {
    if (!strcmp(what, "kill")) act = !strcmp(how, "before") ? KILL_BEFORE : !strcmp(how, "torn") ? KILL_TORN : KILL_AFTER;
    if (!strcmp(what, "fail")) act = FAIL, fail_with = atoi(how);
    if (!strcmp(what, "fail-from")) act = FAIL_FROM, fail_with = atoi(how);
  }
  given = getenv("HX_SHIM_JOURNAL");
  if (given) journal = (int)syscall(SYS_openat, AT_FDCWD, given, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int inside(const char *path) {
  for (const char *from = roots; *from;) {
    size_t length = strcspn(from, ":");
    if (length && !strncmp(path, from, length) && (path[length] == '/' || path[length] == 0)) return 1;
    from += length;
    if (*from) from++;
  }
  return 0;
}

static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return inside(path);
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

/* With the lock held: whether this call goes through (0), fails (1), or is a write to be torn (2). */
static int begin(char kind) {
  if (!strchr(kinds, kind)) return 0;
  count++;
  if (act == NOTHING || count < at) return 0;
  if (act == FAIL_FROM || (act == FAIL && count == at)) return errno = fail_with, 1;
  if (count != at) return 0;
  if (act == KILL_BEFORE || (act == KILL_TORN && kind != 'W')) die();
  return act == KILL_TORN ? 2 : 0;
}

static void end(char kind) {
  if (act == KILL_AFTER && count == at && strchr(kinds, kind)) die();
}

static void put(const void *bytes, size_t length) {
  const char *from = bytes;
  while (length > 0) {
    ssize_t written = syscall(SYS_write, journal, from, length);
    if (written <= 0) return;
    from += written;
    length -= (size_t)written;
  }
}

static void note(char kind, unsigned long inode, long offset, const char *one, const char *two, const void *bytes, size_t length) {
  if (journal < 0) return;
  int kept = errno;
  char line[128];
  int size = snprintf(line, sizeof line, "%c %lu %ld %zu %zu %zu\n", kind, inode, offset, length, strlen(one), strlen(two));
  put(line, (size_t)size);
  put(one, strlen(one));
  put(two, strlen(two));
  if (bytes) put(bytes, length);
  errno = kept;
}

static unsigned long inode_of(int fd, long *size) {
  struct stat found;
  if (fstat(fd, &found)) return 0;
  if (size) *size = (long)found.st_size;
  return (unsigned long)found.st_ino;
}

static unsigned long inode_at(const char *path) {
  struct stat found;
  return lstat(path, &found) ? 0 : (unsigned long)found.st_ino;
}

/* One write, wherever it goes; all of them end here. An offset of -1: where the file stands. */
static ssize_t write_pieces(int fd, const struct iovec *pieces, int many, off_t offset) {
  prepare();
  char path[4096];
  if (!path_of(fd, path, sizeof path)) {
    return offset < 0 ? syscall(SYS_writev, fd, pieces, many) : syscall(SYS_pwritev, fd, pieces, many, (long)offset, 0L);
  }
  pthread_mutex_lock(&lock);
  int verdict = begin('W');
  ssize_t written = -1;
  if (verdict != 1) {
    size_t total = 0;
    for (int i = 0; i < many; i++) total += pieces[i].iov_len;
    char *bytes = malloc(total ? total : 1), *to = bytes;
    for (int i = 0; i < many; i++) to = mempcpy(to, pieces[i].iov_base, pieces[i].iov_len);
    long size = 0;
    unsigned long inode = inode_of(fd, &size);
    int flags = fcntl(fd, F_GETFL);
    long place = flags & O_APPEND ? size : offset >= 0 ? (long)offset : (long)lseek(fd, 0, SEEK_CUR);
    size_t wanted = verdict == 2 ? total / 2 : total;
    written = offset < 0 ? syscall(SYS_write, fd, bytes, wanted) : syscall(SYS_pwrite64, fd, bytes, wanted, (long)offset);
    if (written > 0) note('W', inode, place, "", "", bytes, (size_t)written);
    if (verdict == 2) die();
    free(bytes);
    end('W');
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
  struct iovec one = {(void *)bytes, length};
  return write_pieces(fd, &one, 1, -1);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  struct iovec one = {(void *)bytes, length};
  return write_pieces(fd, &one, 1, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return pwrite(fd, bytes, length, offset); }
ssize_t writev(int fd, const struct iovec *pieces, int many) { return write_pieces(fd, pieces, many, -1); }
ssize_t pwritev(int fd, const struct iovec *pieces, int many, off_t offset) { return write_pieces(fd, pieces, many, offset); }
ssize_t pwritev64(int fd, const struct iovec *pieces, int many, off64_t offset) { return write_pieces(fd, pieces, many, offset); }

/* What is done to an open file beside writing it. */
static int on_file(char kind, int fd, long size, long number) {
  prepare();
  char path[4096];
  int known = path_of(fd, path, sizeof path);
  if (!known) return kind == 'T' ? (int)syscall(number, fd, size) : (int)syscall(number, fd);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (begin(kind) != 1) {
    struct stat found;
    int directory = !fstat(fd, &found) && S_ISDIR(found.st_mode);
    result = kind == 'T' ? (int)syscall(number, fd, size) : (int)syscall(number, fd);
    if (!result) note(kind, inode_of(fd, NULL), size, directory ? path : "", "", NULL, 0);
    end(kind);
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return result;
}

int fsync(int fd) { return on_file('S', fd, 0, SYS_fsync); }
int fdatasync(int fd) { return on_file('S', fd, 0, SYS_fdatasync); }
int ftruncate(int fd, off_t size) { return on_file('T', fd, (long)size, SYS_ftruncate); }
int ftruncate64(int fd, off64_t size) { return on_file('T', fd, (long)size, SYS_ftruncate); }

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  prepare();
  if (!(flags & (O_CREAT | O_TRUNC)) || !inside(path)) return (int)syscall(SYS_openat, folder, path, flags, mode);
  pthread_mutex_lock(&lock);
  int fresh = inode_at(path) == 0, fd = -1;
  char kind = fresh ? 'C' : 'T';
  int seen = fresh || (flags & O_TRUNC);
  if (!seen || begin(kind) != 1) {
    fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (seen && fd >= 0) note(kind, inode_of(fd, NULL), 0, fresh ? path : "", "", NULL, 0);
    if (seen) end(kind);
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return fd;
}

#define MODE                                                                                                                                         \
  va_list rest;                                                                                                                                      \
  va_start(rest, flags);                                                                                                                             \
  mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                                                          \
  va_end(rest)

int open(const char *path, int flags, ...) {
  MODE;
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE;
  return open_at(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE;
  return open_at(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE;
  return open_at(folder, path, flags, mode);
}

/* What is done to names. */
static int on_names(char kind, const char *one, const char *two, long number, long more) {
  prepare();
  if (!inside(one) && !inside(two)) {
    return number == SYS_renameat2 || number == SYS_linkat ? (int)syscall(number, AT_FDCWD, one, AT_FDCWD, two, more)
                                                           : (int)syscall(number, AT_FDCWD, one, more);
  }
  pthread_mutex_lock(&lock);
  int result = -1;
  if (begin(kind) != 1) {
    unsigned long inode = inode_at(one);
    result = *two ? (int)syscall(number, AT_FDCWD, one, AT_FDCWD, two, more) : (int)syscall(number, AT_FDCWD, one, more);
    if (!result) note(kind, kind == 'D' ? inode_at(one) : inode, 0, one, two, NULL, 0);
    end(kind);
  }
  int kept = errno;
  pthread_mutex_unlock(&lock);
  errno = kept;
  return result;
}

int rename(const char *from, const char *to) { return on_names('R', from, to, SYS_renameat2, 0); }
int link(const char *from, const char *to) { return on_names('L', from, to, SYS_linkat, 0); }
int unlink(const char *path) { return on_names('U', path, "", SYS_unlinkat, 0); }
int rmdir(const char *path) { return on_names('U', path, "", SYS_unlinkat, AT_REMOVEDIR); }
int mkdir(const char *path, mode_t mode) { return on_names('D', path, "", SYS_mkdirat, (long)mode); }
