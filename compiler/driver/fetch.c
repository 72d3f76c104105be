/* SPDX-License-Identifier: MIT
 *
 * Downloads through libcurl: into a temporary file beside the final one, hashed on the way, synced,
 * renamed.
 */
#include "driver/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/failure.h"
#include "driver/sha256.h"

enum {
    PATH_BYTES = 4096,
    URL_BYTES = 2048,
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60, /* give up when nothing comes for so long */
};

static const struct fetch_file mnist_files[] = {
    { "train-images-idx3-ubyte.gz",
      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9912422 },
    { "train-labels-idx1-ubyte.gz",
      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28881 },
    { "t10k-images-idx3-ubyte.gz",
      "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1648877 },
    { "t10k-labels-idx1-ubyte.gz",
      "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4542 },
};

/* Mirrors with the original, unchanged files. */
static const char *const mnist_urls[] = {
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    NULL,
};

/* A file on its way. */
struct download {
    const struct fetch_file *file;
    FILE *out;
    struct sha256 hash;
    size_t received;
    int write_error; /* errno of a failed write, or 0 */
    bool is_too_long;
    bool shows_progress;
};

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    struct download *download = user;
    size_t bytes = size * count;

    if (bytes > download->file->bytes - download->received) {
        download->is_too_long = true;
        return 0;
    }
    if (fwrite(data, 1, bytes, download->out) != bytes) {
        download->write_error = errno;
        return 0;
    }
    sha256_add(&download->hash, data, bytes);
    download->received += bytes;
    if (download->shows_progress)
        fprintf(stderr, "\r%-28s %3d %%", download->file->name,
                (int)(100 * download->received / download->file->bytes));
    return bytes;
}

static bool explain_failure(const struct download *download, CURL *curl, CURLcode code,
                            const char *url, const char *details)
{
    long status = 0;

    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (download->is_too_long)
        return failure("%s: longer than the %zu bytes of the published file", url,
                       download->file->bytes);
    if (download->write_error)
        return failure("cannot write %s: %s", download->file->name,
                       strerror(download->write_error));
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return failure("%s: the server answers %ld%s", url, status,
                       status == 404 ? " (not found)" : "");
    return failure("cannot get %s: %s", url, details[0] ? details : curl_easy_strerror(code));
}

/* Transfers `url` into download->out. */
static bool transfer(struct download *download, const char *url)
{
    char details[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode code;
    bool done;

    if (curl == NULL)
        return failure("cannot start the download: out of memory");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, download);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "snnc");
    code = curl_easy_perform(curl);
    if (download->shows_progress)
        fprintf(stderr, "\r\033[K");
    done = code == CURLE_OK || explain_failure(download, curl, code, url, details);
    curl_easy_cleanup(curl);
    return done;
}

static bool check_sum(struct download *download, const char *url)
{
    char sum[SHA256_HEX_BYTES];

    sha256_finish(&download->hash, sum);
    if (strcmp(sum, download->file->sha256) == 0)
        return true;
    return failure(
        "%s: not the published file: %zu bytes with SHA-256 %s instead of %zu bytes with %s", url,
        download->received, sum, download->file->bytes, download->file->sha256);
}

static bool close_synced(FILE *out, const char *path)
{
    bool is_written = fflush(out) == 0 && fsync(fileno(out)) == 0;
    int error = errno;

    if (fclose(out) != 0 && is_written) {
        is_written = false;
        error = errno;
    }
    return is_written || failure("cannot write %s: %s", path, strerror(error));
}

/* Downloads into the open temporary file and closes it. */
static bool download_into(FILE *out, const struct fetch_file *file, const char *base_url,
                          const char *path, bool shows_progress)
{
    struct download download = { .file = file, .out = out, .shows_progress = shows_progress };
    const char *slash = base_url[0] && base_url[strlen(base_url) - 1] == '/' ? "" : "/";
    char url[URL_BYTES];
    bool is_good;

    sha256_start(&download.hash);
    is_good = snprintf(url, sizeof url, "%s%s%s", base_url, slash, file->name) < URL_BYTES
                  ? transfer(&download, url) && check_sum(&download, url)
                  : failure("the URL is too long: %.60s...", base_url);
    return close_synced(out, path) && is_good;
}

/* One attempt: a temporary file, and its renaming if all went well. */
static bool fetch_file_from(const struct fetch_file *file, const char *path, const char *base_url,
                            bool shows_progress)
{
    char temporary[PATH_BYTES + 8];
    FILE *out;
    int descriptor;

    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    descriptor = mkstemp(temporary);
    if (descriptor < 0)
        return failure("cannot write into the folder of %s: %s", path, strerror(errno));
    out = fdopen(descriptor, "wb");
    if (out == NULL) {
        close(descriptor);
        unlink(temporary);
        return failure("cannot write %s: %s", path, strerror(errno));
    }
    if (!download_into(out, file, base_url, path, shows_progress)) {
        unlink(temporary);
        return false;
    }
    if (chmod(temporary, 0644) != 0 || rename(temporary, path) != 0) {
        failure("cannot write %s: %s", path, strerror(errno));
        unlink(temporary);
        return false;
    }
    return true;
}

static bool is_there(const struct fetch_file *file, const char *path)
{
    char block[1 << 14];
    char sum[SHA256_HEX_BYTES];
    struct sha256 hash;
    FILE *in = fopen(path, "rb");
    size_t got;

    if (in == NULL)
        return false;
    sha256_start(&hash);
    while ((got = fread(block, 1, sizeof block, in)) > 0)
        sha256_add(&hash, block, got);
    fclose(in);
    sha256_finish(&hash, sum);
    return strcmp(sum, file->sha256) == 0;
}

static bool fetch_file(const struct fetch_file *file, const char *folder,
                       const char *const *base_urls, bool shows_progress)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof path, "%s/%s", folder, file->name) >= PATH_BYTES)
        return failure("the name of the folder is too long: %.60s...", folder);
    if (is_there(file, path)) {
        printf("%s is there\n", path);
        return true;
    }
    for (; *base_urls; base_urls++)
        if (fetch_file_from(file, path, *base_urls, shows_progress)) {
            printf("%s fetched\n", path);
            return true;
        }
    return failure("put %s into %s by hand, or name another server with '--from'", file->name,
                   folder);
}

/* mkdir -p */
static bool make_folder(const char *folder)
{
    char path[PATH_BYTES];
    struct stat status;
    int error;

    if (snprintf(path, sizeof path, "%s", folder) >= PATH_BYTES)
        return failure("the name of the folder is too long: %.60s...", folder);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0777);
        *slash = '/';
    }
    if (mkdir(path, 0777) == 0)
        return true;
    error = errno;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return true;
    return failure("cannot make the folder %s: %s", folder, strerror(error));
}

bool fetch_files(const struct fetch_file *files, int file_count, const char *folder,
                 const char *const *base_urls, bool shows_progress)
{
    if (!make_folder(folder))
        return false;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return failure("cannot start the download: libcurl does not initialise");
    for (int i = 0; i < file_count; i++)
        if (!fetch_file(&files[i], folder, base_urls, shows_progress)) {
            curl_global_cleanup();
            return false;
        }
    curl_global_cleanup();
    return true;
}

bool fetch_data_set(const char *name, const char *folder, const char *base_url, bool shows_progress)
{
    const char *const given[] = { base_url, NULL };

    if (strcmp(name, "mnist") != 0)
        return failure("'%s' can't be fetched; what can is: mnist", name);
    return fetch_files(mnist_files, sizeof mnist_files / sizeof *mnist_files,
                       folder ? folder : "data/mnist", base_url ? given : mnist_urls,
                       shows_progress);
}
