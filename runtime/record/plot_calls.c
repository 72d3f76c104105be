#include "calls.h"
#include "record/record.h"
void snn_rt_plot_begin(struct snn_context *c, const char *k, const char *t) {(void)c;(void)k;(void)t;}
void snn_rt_plot_array(struct snn_context *c, const char *l, int32_t b) {(void)c;(void)l;(void)b;}
void snn_rt_plot_number(struct snn_context *c, const char *n, double v) {(void)c;(void)n;(void)v;}
void snn_rt_plot_text(struct snn_context *c, const char *n, const char *t) {(void)c;(void)n;(void)t;}
void snn_rt_plot_end(struct snn_context *c) {(void)c;}
void snn_record_plot_logs(struct snn_record *r) {(void)r;}
