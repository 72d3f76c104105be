/* SPDX-License-Identifier: MIT
 *
 * The command line of a program: what is accepted, what is refused, with which message and exit
 * status.
 */
#include "fake_program.h"

static void parameters(void)
{
    expect_error(2, "there is no parameter 'smaples'; did you mean 'samples'?", "smaples=3");
    expect_error(2, "there is no parameter 'zzzzzz'; --help lists the parameters", "zzzzzz=3");
    expect_error(2, "parameter 'n' is 'many', but must be a whole number", "n=many");
    expect_error(2, "parameter 'n' is '1.5', but must be a whole number", "n=1.5");
    expect_error(2, "parameter 'samples' is 0, outside its range 1 .. 1000000", "samples=0");
    expect_error(
        2, "parameter 'window' is '350' without a unit, write 'window=350 ms' (or ms, s or us)",
        "window=350");
    expect_error(2, "parameter 'window' is '350 mV', but must be a number in ms, s or us",
                 "window=350 mV");
    expect_error(2, "parameter 'window' is 11000 ms, outside its range 0 .. 10000 ms",
                 "window=11 s");
    expect_error(2,
                 "parameter 'mode' is 'maen', but must be one of sum or mean; did you mean 'mean'?",
                 "mode=maen");
    expect_error(2, "parameter 'flag' is 'maybe', but must be true or false", "flag=maybe");
    expect_error(2, "parameter 'rate' is 'nan', but must be a number", "rate=nan");
    expect_error(2, "parameter 'n' has no value; write 'n=", "n");
    expect_success("n=1e1", "window=0.35 s", "mode=mean", "rate=inf", "flag=yes", "--quiet");
    expect_success("window=350ms", "window=350 [ms]", "window=0", "--quiet");
}

static void sizes(void)
{
    expect_error(1, "fake.snn:1:1: the size of layer is -3, but a size is a whole number from 1",
                 "n=-3");
    expect_error(1, "the size of layer is 100000000000", "n=1e11");
}

static void options(void)
{
    expect_error(2, "there is no task 'tarin'; did you mean 'train'?", "tarin");
    expect_error(2, "there is no option '--thread'; did you mean '--threads'?", "--thread", "2");
    expect_error(2, "option '--threads' is '0', but must be a whole number from 1", "--threads",
                 "0");
    expect_error(2, "option '--seed' is '-1', but must be a whole number from 0", "--seed", "-1");
    expect_error(2, "option '--seed' needs a value", "--seed");
    expect_error(2, "there is no random stream 'weight'; did you mean 'weights'?", "--seed.weight",
                 "1");
    expect_error(2, "must be NAME=builtin or NAME=PATH", "--data", "digits");
    expect_error(2, "there is no data set for 'digit=x'; did you mean 'digits'?", "--data",
                 "digit=x");
    expect_success("--seed=3", "--seed.encoder", "4", "--threads=2", "--data", "digits=builtin",
                   "--quiet");
}

static void help(void)
{
    expect_success("--help");
    expect_text(run_stdout, "A program written by hand.", __LINE__);
    expect_text(run_stdout, "window=250 ms  time one sample is shown (0 .. 10000 ms)", __LINE__);
    expect_text(run_stdout, "how to add up (one of sum or mean)", __LINE__);
    expect_text(run_stdout, "slow       wait for a signal (only when named)", __LINE__);
    expect_success("--version");
    expect_text(run_stdout, "fake, compiled by nobody 1.0", __LINE__);
}

int main(void)
{
    enter_scratch("start_command_line");
    parameters();
    sizes();
    options();
    help();
    return 0;
}
