/* SPDX-License-Identifier: MIT
 *
 * Which argument belongs to which formal: of built-in functions, whose formals are in builtins.def,
 * and of declared functions, models and rules.
 */
#include <string.h>

#include "semantics/check.h"

/* ---- arguments of built-ins ----------------------------------------- */

static bool formal_is(const struct builtin_formal *formal, const struct name *name)
{
    return formal->length == name->length && memcmp(formal->name, name->text, name->length) == 0;
}

static bool error_unknown_argument(struct checker *k, const struct argument *argument,
                                   const struct builtin *builtin,
                                   const struct builtin_formal *formals, size_t count)
{
    struct suggestion suggestion = suggest_begin(argument->name.name->text);
    const char *all = "";
    for (size_t i = 0; i < count; i++) {
        const char *name = arena_copy_text(k->arena, formals[i].name, formals[i].length);
        suggest_offer(&suggestion, name);
        all = arena_format(k->arena, "%s%s%s", all, i > 0 ? ", " : "", name);
    }
    diag_error(k->c, argument->name.span, "'%s' has no argument '%s'", builtin->name,
               argument->name.name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    else if (count > 0)
        diag_hint(k->c, "its arguments are: %s", all);
    return false;
}

static bool error_count(struct checker *k, struct span span, const char *name, size_t wanted,
                        size_t given)
{
    diag_error(k->c, span, "'%s' takes %zu argument%s, not %zu", name, wanted,
               wanted == 1 ? "" : "s", given);
    return false;
}

struct binding {
    const struct builtin *builtin;
    struct builtin_formal formals[BUILTIN_FORMAL_LIMIT];
    size_t count;
    ARRAY_STRUCT(, struct expr *) bound;
    size_t next; /* position of the next argument without name */
};

static bool bind_one(struct checker *k, struct binding *b, struct span span, struct expr *value,
                     size_t position, size_t given)
{
    bool repeats = b->count > 0 && b->formals[b->count - 1].is_repeatable;
    if (position >= b->count && !repeats)
        return error_count(k, span, b->builtin->name, b->count, given);
    while (b->bound.count <= position)
        array_push(k->arena, &b->bound, NULL);
    if (b->bound.items[position] != NULL)
        return diag_error(
            k->c, value->span, "'%s' is given twice",
            arena_copy_text(k->arena, b->formals[position].name, b->formals[position].length));
    b->bound.items[position] = value;
    return true;
}

static bool bind_argument(struct checker *k, struct binding *b, struct span span,
                          const struct argument *argument, size_t given)
{
    if (argument->name.name == NULL)
        return bind_one(k, b, span, argument->value, b->next++, given);
    for (size_t i = 0; i < b->count; i++)
        if (formal_is(&b->formals[i], argument->name.name))
            return bind_one(k, b, span, argument->value, i, given);
    return error_unknown_argument(k, argument, b->builtin, b->formals, b->count);
}

bool bind_builtin(struct checker *k, struct expr *e, const struct builtin *builtin,
                  struct expr *first, const struct argument_list *list)
{
    struct binding b = { .builtin = builtin };
    b.count = builtin_formals(builtin, b.formals);
    size_t given = (list != NULL ? list->count : 0) + (first != NULL ? 1 : 0);
    if (first != NULL && !bind_one(k, &b, e->span, first, b.next++, given))
        return false;
    for (size_t i = 0; list != NULL && i < list->count; i++)
        if (!bind_argument(k, &b, e->span, &list->items[i], given))
            return false;
    while (b.bound.count < b.count)
        array_push(k->arena, &b.bound, NULL);
    for (size_t i = 0; i < b.count; i++)
        if (b.bound.items[i] == NULL && !b.formals[i].is_optional)
            return diag_error(k->c, e->span, "'%s' needs the argument '%s'", builtin->name,
                              arena_copy_text(k->arena, b.formals[i].name, b.formals[i].length));
    e->target = arena_new(k->arena, struct call_target);
    e->target->kind = CALL_BUILTIN;
    e->target->builtin = builtin;
    e->target->arguments = b.bound.items;
    e->target->count = b.bound.count;
    if (b.count > 0 && b.formals[b.count - 1].is_repeatable && b.bound.count == b.count &&
        b.bound.items[b.count - 1] == NULL)
        e->target->count--;
    return true;
}

/* ---- arguments of declared functions, models, rules ------------------ */

static bool error_unknown_formal(struct checker *k, const struct argument *argument,
                                 const struct name *name, const struct declaration *declaration,
                                 const struct formal_list *formals)
{
    struct suggestion suggestion = suggest_begin(argument->name.name->text);
    for (size_t i = 0; i < formals->count; i++)
        if (formals->items[i].name.name != NULL)
            suggest_offer(&suggestion, formals->items[i].name.name->text);
    diag_error(k->c, argument->name.span, "'%s' has no parameter '%s'", name->text,
               argument->name.name->text);
    diag_note(k->c, declaration->name.span, "'%s' is declared here", name->text);
    if (suggestion.best != NULL)
        diag_hint(k->c, "did you mean '%s'?", suggestion.best);
    return false;
}

static bool find_formal(const struct formal_list *formals, const struct name *name,
                        size_t *position)
{
    for (*position = 0; *position < formals->count; (*position)++)
        if (formals->items[*position].name.name == name)
            return true;
    return false;
}

/* What the choices of a formal say: "a" or "b". */
static const char *choices_text(struct checker *k, const struct formal *formal)
{
    const char *text = "";
    for (size_t i = 0; i < formal->choices.count; i++) {
        const char *between = i == 0 ? "" : i + 1 < formal->choices.count ? ", " : " or ";
        text = arena_format(k->arena, "%s%s\"%s\"", text, between,
                            formal->choices.items[i]->constant->text);
    }
    return text;
}

bool check_choice(struct checker *k, const struct formal *formal, const struct expr *value)
{
    bool is_among = formal->choices.count == 0 || type_is_error(value->type);
    for (size_t i = 0; i < formal->choices.count; i++) {
        struct expr *choice = formal->choices.items[i];
        check_constant(k, k->scope, choice, "a choice");
        bool is_unknown = value->type->kind == TYPE_STRING && value->constant == NULL;
        is_among = is_among || is_unknown ||
                   (value->constant != NULL && constant_equal(choice->constant, value->constant));
    }
    if (is_among)
        return true;
    diag_error(k->c, value->span, "'%s' must be %s", formal->name.name->text,
               choices_text(k, formal));
    diag_note(k->c, formal->span, "'%s' is declared here", formal->name.name->text);
    return false;
}

bool bind_arguments(struct checker *k, struct span span, const char *what, const struct name *name,
                    const struct declaration *declaration, const struct formal_list *formals,
                    struct expr *first, const struct argument_list *list, struct expr **bound)
{
    size_t next = 0;
    size_t given = (list != NULL ? list->count : 0) + (first != NULL ? 1 : 0);
    for (size_t i = 0; i < given; i++) {
        bool is_first = first != NULL && i == 0;
        const struct argument *argument =
            is_first ? NULL : &list->items[i - (first != NULL ? 1 : 0)];
        size_t position = 0;
        if (is_first || argument->name.name == NULL)
            position = next++;
        else if (!find_formal(formals, argument->name.name, &position))
            return error_unknown_formal(k, argument, name, declaration, formals);
        struct expr *value = is_first ? first : argument->value;
        if (position >= formals->count) {
            diag_error(k->c, span, "%s '%s' takes %zu argument%s, not %zu", what, name->text,
                       formals->count, formals->count == 1 ? "" : "s", given);
            diag_note(k->c, declaration->name.span, "'%s' is declared here", name->text);
            return false;
        }
        if (bound[position] != NULL)
            return diag_error(k->c, value->span, "'%s' is given twice",
                              formals->items[position].name.name->text);
        bound[position] = value;
    }
    for (size_t i = 0; i < formals->count; i++) {
        if (bound[i] != NULL || formals->items[i].value != NULL)
            continue;
        diag_error(k->c, span, "%s '%s' needs the argument '%s'", what, name->text,
                   formals->items[i].name.name->text);
        diag_note(k->c, formals->items[i].span, "'%s' is declared here, without a default",
                  formals->items[i].name.name->text);
        return false;
    }
    return true;
}
