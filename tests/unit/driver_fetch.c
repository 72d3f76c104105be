/* SPDX-License-Identifier: MIT
 *
 * `snnc data fetch` against a server of our own: what arrives, what is refused, and that nothing
 * unfinished is left behind.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/fetch.h"
#include "driver/sha256.h"

static const char content[] = "abc";
static const char content_sha256[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/* ---- a server: below /good is `content`, below /bad something else, below /long more, below /cut
 * less, all else is missing */

static void answer(int client)
{
    char request[2048] = "", reply[512];
    ssize_t got = read(client, request, sizeof request - 1);

    if (got <= 0)
        return;
    if (strncmp(request, "GET /good/", 10) == 0)
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n%s", content);
    else if (strncmp(request, "GET /bad/", 9) == 0)
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabd");
    else if (strncmp(request, "GET /long/", 10) == 0)
        snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcdefghijklm");
    else if (strncmp(request, "GET /cut/", 9) == 0)
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\na");
    else
        snprintf(reply, sizeof reply,
                 "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    if (write(client, reply, strlen(reply)) < 0)
        perror("write");
}

/* Starts it on a free port. */
static pid_t start_server(int *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    pid_t child;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(server, 8) < 0) {
        printf("no sockets on this machine\n");
        exit(77);
    }
    getsockname(server, (struct sockaddr *)&address, &length);
    *port = ntohs(address.sin_port);
    child = fork();
    assert(child >= 0);
    while (child == 0) {
        int client = accept(server, NULL, NULL);

        if (client >= 0) {
            answer(client);
            close(client);
        }
    }
    close(server);
    return child;
}

/* ---- the tests */

static int port;

/* Fetches a.gz from that folder of the server. What it says on stderr goes to `said`. */
static bool fetch(const char *where, const char *folder, char said[4096])
{
    struct fetch_file file = { "a.gz", content_sha256, 3 };
    char url[128];
    const char *urls[] = { url, NULL };
    int kept = dup(2);
    FILE *captured = fopen("driver_fetch.err", "w+");
    bool good;

    assert(captured && kept >= 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s", port, where);
    fflush(stderr);
    dup2(fileno(captured), 2);
    good = fetch_files(&file, 1, folder, urls, false);
    fflush(stderr);
    dup2(kept, 2);
    close(kept);
    rewind(captured);
    said[fread(said, 1, 4095, captured)] = '\0';
    fclose(captured);
    return good;
}

static void expect_failure(const char *where, const char *folder, const char *text)
{
    char said[4096];

    if (fetch(where, folder, said) || !strstr(said, text)) {
        fprintf(stderr, "%s: expected a failure with '%s', got: %s\n", where, text, said);
        exit(1);
    }
}

static int count_entries(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    int count = 0;

    assert(directory);
    while ((entry = readdir(directory)))
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void expect_content(const char *path, const char *expected)
{
    char text[64];
    FILE *file = fopen(path, "r");

    assert(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert(strcmp(text, expected) == 0);
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void test_sha256(void)
{
    /* FIPS 180-4, examples of one block, of two blocks and of a million bytes */
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    char hex[SHA256_HEX_BYTES];
    struct sha256 hash;

    sha256_start(&hash);
    sha256_add(&hash, "abc", 3);
    sha256_finish(&hash, hex);
    assert(strcmp(hex, content_sha256) == 0);
    sha256_start(&hash);
    for (size_t i = 0; i < sizeof two_blocks - 1; i++)
        sha256_add(&hash, two_blocks + i, 1);
    sha256_finish(&hash, hex);
    assert(strcmp(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1") == 0);
    sha256_start(&hash);
    for (int i = 0; i < 1000; i++) {
        char block[1000];

        memset(block, 'a', sizeof block);
        sha256_add(&hash, block, sizeof block);
    }
    sha256_finish(&hash, hex);
    assert(strcmp(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0") == 0);
}

static void test_good(void)
{
    char said[4096];

    assert(fetch("good", "driver_fetch.data/deep/er", said));
    expect_content("driver_fetch.data/deep/er/a.gz", content);
    assert(count_entries("driver_fetch.data/deep/er") == 1);
    /* What is right is kept without asking the server. */
    assert(fetch("missing", "driver_fetch.data/deep/er", said));
    /* What is wrong is replaced. */
    write_text("driver_fetch.data/deep/er/a.gz", "half");
    assert(fetch("good", "driver_fetch.data/deep/er", said));
    expect_content("driver_fetch.data/deep/er/a.gz", content);
}

static void test_refused(void)
{
    write_text("driver_fetch.data/a.gz", "mine");
    expect_failure("missing", "driver_fetch.data", "404 (not found)");
    expect_failure("bad", "driver_fetch.data", "not the published file");
    expect_failure("long", "driver_fetch.data", "longer than the 3 bytes");
    expect_failure("cut", "driver_fetch.data", "cannot get http://127.0.0.1");
    expect_failure("missing", "driver_fetch.data", "by hand");
    expect_failure("good", "driver_fetch.data/a.gz",
                   "cannot make the folder driver_fetch.data/a.gz");
    expect_failure("good", "/proc/none", "cannot make the folder /proc/none");
    expect_content("driver_fetch.data/a.gz", "mine");
    assert(count_entries("driver_fetch.data") == 2); /* a.gz and deep: no temporary file is left */
    assert(!fetch_data_set("minst", "driver_fetch.data", NULL, false));
}

int main(void)
{
    pid_t server = start_server(&port);

    /* Proxies of the machine have no business with 127.0.0.1. */
    setenv("no_proxy", "*", 1);
    if (system("rm -rf driver_fetch.data") != 0)
        return 1;
    test_sha256();
    test_good();
    test_refused();
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    /* Nobody listens there any more. */
    expect_failure("good", "driver_fetch.data", "cannot get http://127.0.0.1");
    return system("rm -rf driver_fetch.data driver_fetch.err");
}
