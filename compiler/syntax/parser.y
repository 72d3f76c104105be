/* SPDX-License-Identifier: MIT
 *
 * The grammar. Actions only build nodes (build.h); what needs more than one
 * token to judge is checked there or in placement.c. One rule for statements
 * serves all bodies, so that a misplaced one gets a message that says where it
 * belongs instead of a syntax error. layout.c has balanced the brackets and
 * chosen the keywords: each braced group can be skipped or parsed whole, and a
 * statement in error ends at its line end.
 */
%define api.pure full
%define api.prefix {syntax_}
%define api.location.type {struct span}
%define api.token.prefix {TOK_}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {struct parser *parser}

%code requires {
#include "syntax/build.h"
}

%code {
static int syntax_lex(SYNTAX_STYPE *value, struct span *span, struct parser *parser) {
    const struct token *token = parser_next(parser);
    value->token = token;
    *span = token->span;
    return token->kind;
}

/* Only for memory exhausted: syntax errors go through yyreport_syntax_error. */
static void syntax_error(const struct span *span, struct parser *parser, const char *message) {
    (void)message;
    diag_error(parser->c, *span, "the code is nested too deeply here");
}

#define YYLLOC_DEFAULT(current, rhs, n)                                                   \
    ((current) = (n) ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n))                      \
                     : (struct span){YYRHSLOC(rhs, 0).source, YYRHSLOC(rhs, 0).end,       \
                                     YYRHSLOC(rhs, 0).end})
}

%union {
    const struct token *token;
    const char *doc;
    struct argument argument;
    struct argument_list arguments;
    struct axis_spec axis;
    struct axis_spec_list axes;
    struct block *block;
    struct bounds bounds;
    struct limits limits;
    struct expr *expr;
    struct expr_list exprs;
    struct for_clause clause;
    struct for_clause_list clauses;
    struct formal formal;
    struct formal_list formals;
    struct identifier identifier;
    struct identifier_list identifiers;
    struct item item;
    struct item_list items;
    struct presented presented;
    struct presented_list presenteds;
    struct statement *statement;
    struct declaration *declaration;
    struct declaration_list declarations;
    struct string_part_list parts;
    struct type_ref *type;
    struct unit_ref *unit;
    int number;
}

%token YYEOF 0 "end of file"
%token END "end of line"
%token <token> NAME "a name"
%token <token> NUMBER "a number"
%token <token> UNIT "a unit"
%token STRING_OPEN "a string"
%token <token> STRING_TEXT "text"
%token STRING_CLOSE "end of string"
%token BRACES_OPEN "'{' in a string"
%token BRACES_CLOSE "'}' in a string"
%token UNIT_OPEN "'[' of a unit"

%token IF "'if'" THEN "'then'" ELSE "'else'" FOR "'for'" IN "'in'"
%token AND "'and'" OR "'or'" NOT "'not'" TRUE "'true'" FALSE "'false'" INF "'inf'"

%token EQUAL "'=='" NOT_EQUAL "'!='" LESS_EQUAL "'<='" GREATER_EQUAL "'>='"
%token ADD_ASSIGN "'+='" SUBTRACT_ASSIGN "'-='" MULTIPLY_ASSIGN "'*='" DIVIDE_ASSIGN "'/='"
%token RANGE "'..'" RANGE_OPEN "'..<'" PIPE "'|>'" ARROW "'->'"

%token <token> USE "'use'" PARAM "'param'" FUNC "'func'" NEURON "'neuron'" RULE "'rule'"
%token <token> SURROGATE "'surrogate'" OPTIMIZER "'optimizer'" DATA "'data'" NETWORK "'network'"
%token <token> OPTIONAL "'optional'" TASK "'task'" LET "'let'" PERSISTENT "'persistent'"

%token RETURN "'return'" YIELD "'yield'" WHILE "'while'" BREAK "'break'" CONTINUE "'continue'"
%token PARALLEL "'parallel'" INPUT "'input'" SHARED "'shared'" PRE "'pre'" POST "'post'"
%token STATE "'state'" SPIKE "'spike'" ON "'on'" EACH "'each'" EMIT "'emit'"
%token STEP "'step'" LAG "'lag'" TIME "'time'" LAYER "'layer'" CONNECT "'connect'"
%token WEIGHT "'weight'" BIAS "'bias'" DELAY "'delay'"
%token PRESENT "'present'" REST "'rest'" RESET "'reset'" LEARN "'learn'" FREEZE "'freeze'"
%token DESCEND "'descend'" LOG "'log'" REPORT "'report'" SAVE "'save'" LOAD "'load'"
%token EXPORT "'export'" PLOT "'plot'"
%token EXTENDS "'extends'" OVER "'over'" UNBOUNDED "'unbounded'" BATCH "'batch'"
%token USING "'using'" BY "'by'" PER "'per'" UNTIL "'until'" VIA "'via'" TO "'to'"
%token TEACH "'teach'" KEEPING "'keeping'" EVERY "'every'" STEPS "'steps'"
%token ONCE "'once'" WHEN "'when'" WITH "'with'" AT "'at'" MOST "'most'"

%token '+' "'+'" '-' "'-'" '*' "'*'" '/' "'/'" '^' "'^'" '<' "'<'" '>' "'>'" '=' "'='"
%token '.' "'.'" ',' "','" ':' "':'" '%' "'%'" '\'' "\"'\""
%token '(' "'('" ')' "')'" '[' "'['" ']' "']'" '{' "'{'" '}' "'}'"

%precedence ELSE
%left PIPE
%left RANGE RANGE_OPEN
%left OR
%left AND
%precedence NOT
%left EQUAL NOT_EQUAL '<' '>' LESS_EQUAL GREATER_EQUAL
%left '+' '-'
%left '*' '/'
%precedence NEGATED
%right '^'

%type <argument> argument
%type <arguments> arguments arguments_opt
%type <axis> axis
%type <axes> axes axes_opt
%type <block> block block_opt
%type <bounds> bounds_opt
%type <limits> limits_opt
%type <expr> expr value loop_value postfix primary string model extends_opt by_opt surrogate_opt
%type <expr> every_opt filter_opt until_opt
%type <exprs> exprs strings choices
%type <clause> clause
%type <clauses> clauses indices_opt index_list
%type <clause> index
%type <formal> formal
%type <formals> formals formals_opt
%type <identifier> identifier using_opt
%type <identifiers> identifiers per_opt dotted
%type <item> item
%type <items> items
%type <presented> presented
%type <presenteds> presenteds
%type <statement> statement if_statement present_head rest_head spike_head learn_opt
%type <statement> state_words
%type <declaration> declaration rule_head use_path
%type <declarations> use_paths
%type <doc> doc_opt
%type <parts> string_parts
%type <type> type_opt type
%type <unit> unit_product
%type <number> unit_power assign_op event_step

%%

file:
    %empty
  | items                       { build_file(parser, &$1); }
  ;

items:
    item                        { $$ = (struct item_list){0}; items_add(parser, &$$, &$1); }
  | items end item              { $$ = $1; items_add(parser, &$$, &$3); }
  | items error                 { $$ = $1; } /* after a whole statement, which is kept */
  | items error block           { $$ = $1; }
  | items error block ELSE block { $$ = $1; }
  ;

/* What follows a line end is independent of an error before it. */
end:
    END                         { yyerrok; }
  ;

item:
    statement                   { $$ = item_of_statement($1); }
  | declaration                 { $$ = item_of_declaration(parser, $1); }
  | USE use_paths               { $$ = (struct item){.declarations = $2};
                                  build_use(parser, &$2, $1, @$); }
  | error                       { $$ = item_error(parser, @1); }
  | error block                 { $$ = item_error(parser, @1); }
  | error block ELSE block      { $$ = item_error(parser, @1); }
  ;

/* { statements } */
block:
    '{' '}'                     { $$ = build_block(parser, NULL, @$); }
  | '{' items '}'               { $$ = build_block(parser, &$2, @$); }
  ;

block_opt:
    %empty                      { $$ = NULL; }
  | block
  ;

/* ---- declarations ---- */

declaration:
    /* param mode in {"sum", "mean"} = "sum" "doc" */
    PARAM identifier type_opt limits_opt '=' expr doc_opt
        { $$ = build_declaration(parser, DECLARATION_PARAM, @$, &$2, $1, $7);
          build_limits($$, &$4);
          $$->param.type = $3; $$->param.value = $6; }
  | FUNC identifier '(' formals_opt ')' '=' value
        { $$ = build_declaration(parser, DECLARATION_FUNC, @$, &$2, $1, NULL);
          $$->func.formals = $4; $$->func.value = $7;
          check_value_placement(parser, BODY_FUNC, $7); }
  | FUNC identifier '(' formals_opt ')' block
        { $$ = build_declaration(parser, DECLARATION_FUNC, span_join(@1, @5), &$2, $1, NULL);
          $$->func.formals = $4; $$->func.body = build_body(parser, BODY_FUNC, $6); }
  | SURROGATE identifier '(' formals_opt ')' '=' expr
        { $$ = build_declaration(parser, DECLARATION_SURROGATE, @$, &$2, $1, NULL);
          $$->func.formals = $4; $$->func.value = $7; }
  | SURROGATE identifier '(' formals_opt ')' block
        { $$ = build_declaration(parser, DECLARATION_SURROGATE, span_join(@1, @5), &$2, $1, NULL);
          $$->func.formals = $4; $$->func.body = build_body(parser, BODY_SURROGATE, $6); }
    /* neuron mine(tau = 10 ms) extends lif(tau) { ... } */
  | NEURON identifier '(' formals_opt ')' extends_opt block
        { $$ = build_declaration(parser, DECLARATION_NEURON, span_join(@1, @6), &$2, $1, NULL);
          $$->neuron.formals = $4; $$->neuron.base = $6;
          $$->neuron.body = build_body(parser, BODY_NEURON, $7); }
  | NEURON identifier extends_opt block
        { $$ = build_declaration(parser, DECLARATION_NEURON, span_join(@1, @3), &$2, $1, NULL);
          $$->neuron.base = $3; $$->neuron.body = build_body(parser, BODY_NEURON, $4); }
  | rule_head block
        { $$ = $1; $$->rule.body = build_body(parser, BODY_RULE, $2); }
  | OPTIMIZER identifier '(' formals_opt ')' block
        { $$ = build_declaration(parser, DECLARATION_OPTIMIZER, span_join(@1, @5), &$2, $1, NULL);
          $$->optimizer.formals = $4; $$->optimizer.body = build_body(parser, BODY_OPTIMIZER, $6); }
  | DATA identifier '=' expr
        { $$ = build_declaration(parser, DECLARATION_DATA, @$, &$2, $1, NULL);
          $$->data.value = $4; }
    /* network place[module: 4] { ... } */
  | NETWORK identifier axes_opt block
        { $$ = build_declaration(parser, DECLARATION_NETWORK, span_join(@1, @3), &$2, $1, NULL);
          $$->network.axes = $3; $$->network.body = build_body(parser, BODY_NETWORK, $4); }
  | TASK identifier doc_opt block
        { $$ = build_declaration(parser, DECLARATION_TASK, span_join(@1, @3), &$2, $1, $3);
          $$->task.body = build_body(parser, BODY_TASK, $4); }
  | OPTIONAL TASK identifier doc_opt block
        { $$ = build_declaration(parser, DECLARATION_TASK, span_join(@1, @4), &$3, $2, $4);
          $$->task.is_optional = true; $$->task.body = build_body(parser, BODY_TASK, $5); }
  ;

/* std.neuron   "mine.snn" */
use_path:
    dotted                      { $$ = build_use_module(parser, &$1, @$); }
  | string                      { $$ = build_use_file(parser, $1); }
  ;

use_paths:
    use_path                    { $$ = (struct declaration_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | use_paths ',' use_path      { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

dotted:
    identifier                  { $$ = (struct identifier_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | dotted '.' identifier       { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

/* rule r(rate) over post[class, member] unbounded batch mean */
rule_head:
    RULE identifier
        { $$ = build_declaration(parser, DECLARATION_RULE, @$, &$2, $1, NULL); }
  | RULE identifier '(' formals_opt ')'
        { $$ = build_declaration(parser, DECLARATION_RULE, @$, &$2, $1, NULL);
          $$->rule.formals = $4; }
  | rule_head OVER identifier '[' identifiers ']'
        { $$ = $1; $$->span = @$; build_rule_axes(parser, $$, &$3, &$5); }
  | rule_head UNBOUNDED         { $$ = $1; $$->span = @$; $$->rule.is_unbounded = true; }
  | rule_head BATCH identifier
        { $$ = $1; $$->span = @$; $$->rule.is_batch_mean = expect_word(parser, &$3, "mean"); }
  ;

extends_opt:
    %empty                      { $$ = NULL; }
  | EXTENDS model               { $$ = $2; }
  ;

doc_opt:
    %empty                      { $$ = NULL; }
  | string                      { $$ = plain_text(parser, $1); }
  ;

limits_opt:
    %empty                      { $$ = (struct limits){0}; }
  | IN expr                     { $$ = (struct limits){.bounds = bounds_of_range(parser, $2)}; }
  | choices                     { $$ = (struct limits){.choices = $1}; }
  ;

choices:
    IN '{' strings '}'          { $$ = build_choices(parser, $3); }
  ;

strings:
    string                      { $$ = exprs_of(parser, $1); }
  | strings ',' string          { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

bounds_opt:
    %empty                      { $$ = (struct bounds){0}; }
  | IN expr                     { $$ = bounds_of_range(parser, $2); }
  ;

formals_opt:
    %empty                      { $$ = (struct formal_list){0}; }
  | formals
  | formals ','
  ;

formals:
    formal                      { $$ = (struct formal_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | formals ',' formal          { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

/* tau   tau: ms   tau = 20 ms   tau: ms = 20 ms   reset in {"zero", "none"} = "zero" */
formal:
    identifier type_opt          { $$ = (struct formal){.span = @$, .name = $1, .type = $2}; }
  | identifier type_opt '=' expr
        { $$ = (struct formal){.span = @$, .name = $1, .type = $2, .value = $4}; }
  | identifier choices          { $$ = (struct formal){.span = @$, .name = $1, .choices = $2}; }
  | identifier choices '=' expr
        { $$ = (struct formal){.span = @$, .name = $1, .choices = $2, .value = $4}; }
  ;

/* [channel: 1, y: 28, x: 28]   [n]   [class: 10, y.axes] */
axes_opt:
    %empty                      { $$ = (struct axis_spec_list){0}; }
  | '[' axes ']'                { $$ = $2; }
  | '[' axes ',' ']'            { $$ = $2; }
  ;

axes:
    axis                        { $$ = (struct axis_spec_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | axes ',' axis               { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

axis:
    identifier ':' expr
        { $$ = (struct axis_spec){.kind = AXIS_NAMED, .span = @$, .name = $1, .value = $3}; }
  | expr                        { $$ = axis_of_expr($1); }
  ;

/* ---- types ---- */

type_opt:
    %empty                      { $$ = NULL; }
  | ':' type                    { $$ = $2; }
  ;

/* mV   int   float64 mV   [mV/ms]   float64 [mV/ms] */
type:
    identifier                  { $$ = type_of_word(parser, &$1); }
  | '%'                         { $$ = type_of_unit(parser, percent_unit(parser, @1)); }
  | '[' unit_product ']'        { $$ = type_of_unit(parser, $2); $$->span = @$; }
  | identifier identifier
        { $$ = type_of_words(parser, &$1, &$2, @$); }
  | identifier '[' unit_product ']'
        { $$ = type_ref_with_unit(parser, &$1, $3, @$); }
  ;

/* mV/ms   1/s   mol*m^-3 */
unit_product:
    identifier unit_power       { $$ = unit_begin(parser, @$); unit_factor(parser, $$, &$1, $2); }
  | NUMBER                      { $$ = unit_begin(parser, @$); expect_one(parser, $1); }
  | unit_product '*' identifier unit_power
        { $$ = $1; $$->span = @$; unit_factor(parser, $$, &$3, $4); }
  | unit_product '/' identifier unit_power
        { $$ = $1; $$->span = @$; unit_factor(parser, $$, &$3, -$4); }
  ;

unit_power:
    %empty                      { $$ = 1; }
  | '^' NUMBER                  { $$ = unit_exponent(parser, $2); }
  | '^' '-' NUMBER              { $$ = -unit_exponent(parser, $3); }
  ;

/* ---- statements ---- */

statement:
    /* let a[i in s, j in t]: int = e */
    LET identifier indices_opt type_opt '=' value
        { $$ = build_statement(parser, STATEMENT_LET, @$);
          $$->let.name = $2; $$->let.indices = $3; $$->let.type = $4; $$->let.value = $6;
          $$->doc = $1->doc; }
  | postfix assign_op value
        { $$ = build_assign(parser, $1, (enum assign_op)$2, $3, @$); }
  | postfix                     { $$ = build_value(parser, STATEMENT_EXPR, $1, @$); }
  | if_statement
  | FOR clauses block
        { $$ = build_statement(parser, STATEMENT_FOR, @$);
          $$->loop.clauses = $2; $$->loop.body = $3; }
  | PARALLEL FOR clauses block
        { $$ = build_statement(parser, STATEMENT_FOR, @$);
          $$->loop.clauses = $3; $$->loop.body = $4; $$->loop.is_parallel = true; }
  | WHILE expr block
        { $$ = build_statement(parser, STATEMENT_WHILE, @$);
          $$->while_loop.condition = $2; $$->while_loop.body = $3; }
  | BREAK                       { $$ = build_statement(parser, STATEMENT_BREAK, @$); }
  | CONTINUE                    { $$ = build_statement(parser, STATEMENT_CONTINUE, @$); }
  | RETURN                      { $$ = build_value(parser, STATEMENT_RETURN, NULL, @$); }
  | RETURN value                { $$ = build_value(parser, STATEMENT_RETURN, $2, @$); }
  | YIELD expr                  { $$ = build_value(parser, STATEMENT_YIELD, $2, @$); }

    /* neurons, rules, optimizers */
  | INPUT identifier type_opt
        { $$ = build_statement(parser, STATEMENT_INPUT, @$);
          $$->input.name = $2; $$->input.type = $3; }
    /* pre state x = 0   shared persistent p : mV in 0 mV .. 1 mV = 0 mV learn gradient */
  | state_words identifier axes_opt type_opt bounds_opt learn_opt
        { $$ = build_state(parser, $1, $6, @$);
          $$->state.name = $2; $$->state.axes = $3; $$->state.type = $4; $$->state.bounds = $5; }
    /* v' = (v_rest - v) / tau using rk4 */
  | identifier '\'' '=' expr using_opt
        { $$ = build_statement(parser, STATEMENT_ODE, @$);
          $$->ode.name = $1; $$->ode.value = $4; $$->ode.method = $5; }
  | spike_head surrogate_opt    { $$ = $1; $$->span = @$; $$->spike.surrogate = $2; }
  | ON identifier block
        { $$ = build_on(parser, &$2, NULL, $3, @$); }
  | ON identifier '(' identifier ')' block
        { $$ = build_on(parser, &$2, &$4, $6, @$); }
  | EACH event_step block
        { $$ = build_statement(parser, STATEMENT_ON, @$);
          $$->on.event = EVENT_STEP; $$->on.body = $3; }
  | EMIT expr                   { $$ = build_value(parser, STATEMENT_EMIT, $2, @$); }

    /* networks */
  | STEP expr                   { $$ = build_value(parser, STATEMENT_STEP, $2, @$); }
  | LAG expr STEPS              { $$ = build_value(parser, STATEMENT_LAG, $2, @$); }
  | LAG expr                    { $$ = build_lag_without_steps(parser, $2, @$); }
  | TIME identifier until_opt
        { $$ = build_statement(parser, STATEMENT_TIME, @$);
          expect_word(parser, &$2, "continuous"); $$->time.until = $3; }
  | LAYER identifier '=' model axes_opt
        { $$ = build_statement(parser, STATEMENT_LAYER, @$);
          $$->layer.name = $2; $$->layer.model = $4; $$->layer.axes = $5; }
    /* connect xe: x -> exc.ge via dense { ... } */
  | CONNECT postfix ARROW postfix VIA expr block_opt
        { $$ = build_connect(parser, NULL, $2, $4, $6, $7, @$); }
  | CONNECT identifier ':' postfix ARROW postfix VIA expr block_opt
        { $$ = build_connect(parser, &$2, $4, $6, $8, $9, @$); }
  | WEIGHT expr bounds_opt      { $$ = build_item(parser, ITEM_WEIGHT, $2, &$3, @$); }
  | BIAS expr bounds_opt        { $$ = build_item(parser, ITEM_BIAS, $2, &$3, @$); }
  | DELAY expr bounds_opt       { $$ = build_item(parser, ITEM_DELAY, $2, &$3, @$); }

    /* tasks */
  | present_head block_opt      { $$ = $1; $$->span = @$; $$->present.body = $2; }
  | rest_head block_opt         { $$ = $1; $$->span = @$; $$->rest.body = $2; }
  | RESET                       { $$ = build_statement(parser, STATEMENT_RESET, @$); }
  | RESET postfix               { $$ = build_statement(parser, STATEMENT_RESET, @$);
                                  $$->reset.target = $2; }
  | LEARN exprs                 { $$ = build_learn(parser, STATEMENT_LEARN, &$2, @$); }
  | FREEZE                      { $$ = build_statement(parser, STATEMENT_FREEZE, @$);
                                  $$->learn.is_all = true; }
  | FREEZE exprs                { $$ = build_learn(parser, STATEMENT_FREEZE, &$2, @$); }
    /* descend loss using adam(lr) every 10 steps */
  | DESCEND expr USING postfix every_opt
        { $$ = build_statement(parser, STATEMENT_DESCEND, @$);
          $$->descend.loss = $2; $$->descend.every = $5;
          $$->descend.optimizer = expect_call(parser, $4, "an optimizer"); }
  | LOG value                   { $$ = build_metric(parser, STATEMENT_LOG, NULL, $2, @$); }
  | LOG identifier '=' value    { $$ = build_metric(parser, STATEMENT_LOG, &$2, $4, @$); }
  | REPORT value                { $$ = build_metric(parser, STATEMENT_REPORT, NULL, $2, @$); }
  | REPORT identifier '=' value { $$ = build_metric(parser, STATEMENT_REPORT, &$2, $4, @$); }
  | SAVE expr                   { $$ = build_value(parser, STATEMENT_SAVE, $2, @$); }
  | LOAD expr                   { $$ = build_value(parser, STATEMENT_LOAD, $2, @$); }
    /* export for s in set { ...; yield e } to "f.npy" */
  | EXPORT value TO expr
        { $$ = build_statement(parser, STATEMENT_EXPORT, @$);
          $$->export_to.value = $2; $$->export_to.path = $4; }
  | PLOT exprs
        { $$ = build_statement(parser, STATEMENT_PLOT, @$); $$->plot.figures = $2; }
  ;

assign_op:
    '='                         { $$ = ASSIGN_SET; }
  | ADD_ASSIGN                  { $$ = ASSIGN_ADD; }
  | SUBTRACT_ASSIGN             { $$ = ASSIGN_SUBTRACT; }
  | MULTIPLY_ASSIGN             { $$ = ASSIGN_MULTIPLY; }
  | DIVIDE_ASSIGN               { $$ = ASSIGN_DIVIDE; }
  ;

if_statement:
    IF expr block               { $$ = build_if(parser, $2, $3, NULL, @$); }
  | IF expr block ELSE block    { $$ = build_if(parser, $2, $3, $5, @$); }
  | IF expr block ELSE if_statement
        { $$ = build_if(parser, $2, $3, block_of_statement(parser, $5), @$); }
  ;

indices_opt:
    %empty                      { $$ = (struct for_clause_list){0}; }
  | '[' index_list ']'          { $$ = $2; }
  ;

index_list:
    index                       { $$ = (struct for_clause_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | index_list ',' index        { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

/* i in s */
index:
    identifier IN expr
        { $$ = (struct for_clause){.span = @$, .variable = $1, .domain = $3}; }
  ;

clauses:
    clause                      { $$ = (struct for_clause_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | clauses ',' clause          { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

/* i   i in s   b in s by 100 */
clause:
    identifier                  { $$ = (struct for_clause){.span = @$, .variable = $1}; }
  | identifier IN expr by_opt
        { $$ = (struct for_clause){.span = @$, .variable = $1, .domain = $3, .by = $4}; }
  ;

by_opt:
    %empty                      { $$ = NULL; }
  | BY expr                     { $$ = $2; }
  ;

state_words:
    STATE                       { $$ = build_state_words(parser, STATE_OWN, false, NULL, @$); }
  | PRE STATE                   { $$ = build_state_words(parser, STATE_PRE, false, NULL, @$); }
  | POST STATE                  { $$ = build_state_words(parser, STATE_POST, false, NULL, @$); }
  | SHARED STATE                { $$ = build_state_words(parser, STATE_OWN, false, NULL, @$);
                                  $$->state.is_shared = true; }
  | PERSISTENT                  { $$ = build_state_words(parser, STATE_OWN, true, $1, @$); }
  | PRE PERSISTENT              { $$ = build_state_words(parser, STATE_PRE, true, $2, @$); }
  | POST PERSISTENT             { $$ = build_state_words(parser, STATE_POST, true, $2, @$); }
  | SHARED PERSISTENT           { $$ = build_state_words(parser, STATE_OWN, true, $2, @$);
                                  $$->state.is_shared = true; }
  ;

/* = e learn gradient, as a statement that lends its fields */
learn_opt:
    %empty                      { $$ = build_initial(parser, NULL, NULL, @$); }
  | '=' value                   { $$ = build_initial(parser, $2, NULL, @$); }
  | '=' value LEARN identifier  { $$ = build_initial(parser, $2, &$4, @$); }
  ;

using_opt:
    %empty                      { $$ = (struct identifier){0}; }
  | USING identifier            { $$ = $2; }
  ;

/* spike once when c   spike with chance p   spike at t   spike at most k by e per axis */
spike_head:
    SPIKE WHEN expr             { $$ = build_spike(parser, SPIKE_WHEN, false, $3, @$); }
  | SPIKE ONCE WHEN expr        { $$ = build_spike(parser, SPIKE_WHEN, true, $4, @$); }
  | SPIKE WITH identifier expr
        { $$ = build_spike(parser, SPIKE_CHANCE, false, $4, @$);
          expect_word(parser, &$3, "chance"); }
  | SPIKE ONCE WITH identifier expr
        { $$ = build_spike(parser, SPIKE_CHANCE, true, $5, @$);
          expect_word(parser, &$4, "chance"); }
  | SPIKE AT expr               { $$ = build_spike(parser, SPIKE_AT, false, $3, @$); }
  | SPIKE ONCE AT expr          { $$ = build_spike(parser, SPIKE_AT, true, $4, @$); }
  | SPIKE AT MOST expr by_opt per_opt
        { $$ = build_spike(parser, SPIKE_AT_MOST, false, $4, @$);
          $$->spike.by = $5; $$->spike.per = $6; }
  ;

per_opt:
    %empty                      { $$ = (struct identifier_list){0}; }
  | PER identifiers             { $$ = $2; }
  ;

surrogate_opt:
    %empty                      { $$ = NULL; }
  | SURROGATE postfix           { $$ = expect_call(parser, $2, "a surrogate"); }
  ;

event_step:
    identifier                  { $$ = expect_word(parser, &$1, "step"); }
  ;

until_opt:
    %empty                      { $$ = NULL; }
  | UNTIL expr                  { $$ = $2; }
  ;

/* present s.image to x, s.sound to y for 250 ms teach s.label keeping state */
present_head:
    PRESENT presenteds
        { $$ = build_statement(parser, STATEMENT_PRESENT, @$); $$->present.inputs = $2; }
  | present_head FOR expr       { $$ = $1; set_once(parser, &$$->present.duration, $3, "'for'"); }
  | present_head TEACH expr     { $$ = $1; set_once(parser, &$$->present.label, $3, "'teach'"); }
  | present_head KEEPING identifier
        { $$ = $1; $$->present.keeps_state = expect_word(parser, &$3, "state"); }
  ;

presenteds:
    presented                   { $$ = (struct presented_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | presenteds ',' presented    { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

presented:
    expr TO postfix             { $$ = (struct presented){.span = @$, .value = $1, .target = $3}; }
  ;

rest_head:
    REST FOR expr
        { $$ = build_statement(parser, STATEMENT_REST, @$); $$->rest.duration = $3; }
  | REST postfix FOR expr
        { $$ = build_statement(parser, STATEMENT_REST, @$);
          $$->rest.target = $2; $$->rest.duration = $4; }
  ;

every_opt:
    %empty                      { $$ = NULL; }
  | EVERY expr STEPS            { $$ = $2; }
  ;

/* ---- expressions ---- */

/* What a let, an assignment, a return, a log may take. */
value:
    expr
  | loop_value
  ;

loop_value:
    FOR clauses block           { $$ = build_loop_value(parser, &$2, $3, @$); }
  ;

exprs:
    expr                        { $$ = exprs_of(parser, $1); }
  | exprs ',' expr              { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

identifiers:
    identifier                  { $$ = (struct identifier_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | identifiers ',' identifier  { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

identifier:
    NAME                        { $$ = (struct identifier){$1->name, @1}; }
  ;

expr:
    postfix
  | IF expr THEN expr ELSE expr { $$ = build_conditional(parser, $2, $4, $6, @$); }
  | expr PIPE expr              { $$ = build_pipe(parser, $1, $3, @$); }
  | expr RANGE expr             { $$ = build_range(parser, $1, $3, true, @$); }
  | expr RANGE_OPEN expr        { $$ = build_range(parser, $1, $3, false, @$); }
  | expr OR expr                { $$ = build_binary(parser, BINARY_OR, $1, $3, @2); }
  | expr AND expr               { $$ = build_binary(parser, BINARY_AND, $1, $3, @2); }
  | NOT expr                    { $$ = build_unary(parser, UNARY_NOT, $2, @$); }
  | expr EQUAL expr             { $$ = build_comparison(parser, BINARY_EQUAL, $1, $3, @2); }
  | expr NOT_EQUAL expr         { $$ = build_comparison(parser, BINARY_NOT_EQUAL, $1, $3, @2); }
  | expr '<' expr               { $$ = build_comparison(parser, BINARY_LESS, $1, $3, @2); }
  | expr LESS_EQUAL expr        { $$ = build_comparison(parser, BINARY_LESS_EQUAL, $1, $3, @2); }
  | expr '>' expr               { $$ = build_comparison(parser, BINARY_GREATER, $1, $3, @2); }
  | expr GREATER_EQUAL expr     { $$ = build_comparison(parser, BINARY_GREATER_EQUAL, $1, $3, @2); }
  | expr '+' expr               { $$ = build_binary(parser, BINARY_ADD, $1, $3, @2); }
  | expr '-' expr               { $$ = build_binary(parser, BINARY_SUBTRACT, $1, $3, @2); }
  | expr '*' expr               { $$ = build_binary(parser, BINARY_MULTIPLY, $1, $3, @2); }
  | expr '/' expr               { $$ = build_binary(parser, BINARY_DIVIDE, $1, $3, @2); }
  | expr '^' expr               { $$ = build_binary(parser, BINARY_POWER, $1, $3, @2); }
  | '-' expr %prec NEGATED      { $$ = build_unary(parser, UNARY_MINUS, $2, @$); }
  ;

postfix:
    primary
  | postfix '.' identifier      { $$ = build_field(parser, $1, &$3, @$); }
  | postfix '[' exprs ']'       { $$ = build_index(parser, $1, &$3, @$); }
  | postfix '(' arguments_opt ')'
        { $$ = build_call(parser, $1, &$3, @$); }
    /* mean(e for j in s, k in t if c) */
  | postfix '(' arguments FOR clauses filter_opt ')'
        { $$ = build_comprehension(parser, $1, &$3, &$5, $6, @$); }
  ;

filter_opt:
    %empty                      { $$ = NULL; }
  | IF expr                     { $$ = $2; }
  ;

arguments_opt:
    %empty                      { $$ = (struct argument_list){0}; }
  | arguments
  | arguments ','
  ;

arguments:
    argument                    { $$ = (struct argument_list){0};
                                  array_push(&parser->c->arena, &$$, $1); }
  | arguments ',' argument      { $$ = $1; array_push(&parser->c->arena, &$$, $3); }
  ;

argument:
    expr                        { $$ = (struct argument){.value = $1}; }
  | identifier '=' expr         { $$ = (struct argument){.name = $1, .value = $3}; }
  ;

/* adaptive(tau = 20 ms), before the axes of a layer */
model:
    dotted                      { $$ = build_path(parser, &$1); }
  | dotted '(' arguments_opt ')'
        { $$ = build_call(parser, build_path(parser, &$1), &$3, @$); }
  ;

primary:
    identifier                  { $$ = build_name(parser, &$1); }
  | NUMBER                      { $$ = build_number(parser, $1, NULL, @$); }
  | NUMBER UNIT                 { $$ = build_number(parser, $1, unit_of_token(parser, $2), @$); }
  | NUMBER '%'                  { $$ = build_number(parser, $1, percent_unit(parser, @2), @$); }
  | NUMBER UNIT_OPEN unit_product ']'
                                { $$ = build_number(parser, $1, $3, @$); }
  | INF                         { $$ = expr_new(&parser->c->arena, EXPR_INF, @$); }
  | TRUE                        { $$ = build_boolean(parser, true, @$); }
  | FALSE                       { $$ = build_boolean(parser, false, @$); }
  | string
  | '(' expr ')'                { $$ = $2; $$->span = @$; }
  | '[' ']'                     { $$ = build_list(parser, NULL, @$); }
  | '[' exprs ']'               { $$ = build_list(parser, &$2, @$); }
  | '[' exprs ',' ']'           { $$ = build_list(parser, &$2, @$); }
  ;

/* "epoch{epoch}" */
string:
    STRING_OPEN string_parts STRING_CLOSE
        { $$ = build_string(parser, &$2, @$); }
  ;

string_parts:
    %empty                      { $$ = (struct string_part_list){0}; }
  | string_parts STRING_TEXT    { $$ = $1; add_text(parser, &$$, $2); }
  | string_parts BRACES_OPEN expr BRACES_CLOSE
        { $$ = $1; array_push(&parser->c->arena, &$$, (struct string_part){.value = $3}); }
  ;

%%

/* Lets report.c, which words the message, ask what could have come instead. */
static int yyreport_syntax_error(const yypcontext_t *context, struct parser *parser) {
    struct expectation expectation = {.found = parser_current(parser)};
    yysymbol_kind_t kinds[EXPECTATION_LIMIT];
    int count = yypcontext_expected_tokens(context, kinds, EXPECTATION_LIMIT);
    for (int i = 0; i < count; i++) expectation.names[i] = yysymbol_name(kinds[i]);
    expectation.count = count > 0 ? (size_t)count : 0;
    report_syntax_error(parser, &expectation);
    return 0;
}
