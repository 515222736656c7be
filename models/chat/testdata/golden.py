"""Writes golden.json: chats as Jinja 2 renders them.

    pip install jinja2==3.1.6
    python3 models/chat/testdata/golden.py

The environment is that of Hugging Face transformers (apply_chat_template): sandboxed,
trim_blocks, lstrip_blocks, loop controls, its own tojson, raise_exception, and the
generation tag, which prints its body. The templates are written for this test; they use
the constructs of the templates of ChatML, Llama 2 and 3, Mistral, Gemma, Zephyr, Phi and
Qwen models.
"""
import json
import os

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


ENV = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
ENV.filters["tojson"] = tojson
ENV.globals["raise_exception"] = raise_exception

HI = [{"role": "user", "content": "Hi there"}]
CHAT = [
    {"role": "system", "content": "You are brief."},
    {"role": "user", "content": "  What is 2 + 2?\n"},
    {"role": "assistant", "content": "<think>\nadd\n</think>\n\n4"},
    {"role": "user", "content": "Größe? 😀 \"quoted\""},
]
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "The weather", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}}}]
CALL = CHAT[:2] + [
    {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"place": "Köln", "days": 2, "exact": True, "of": None, "at": 1.5}}}]},
    {"role": "tool", "name": "weather", "content": "{\"sky\": \"clear\"}"},
]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

TEMPLATES = {
    "chatml": """{% for message in messages %}
{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}
{% endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\\n' }}
{% endif %}
""",
    "turns in brackets": """{%- if messages[0]['role'] == 'system' -%}
    {%- set rest = messages[1:] -%}
    {%- set system = messages[0]['content'] -%}
{%- else -%}
    {%- set rest = messages -%}
    {%- set system = false -%}
{%- endif -%}
{%- for m in rest -%}
    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}
    {%- endif -%}
    {%- if loop.index0 == 0 and system -%}
        {%- set content = '<<SYS>>\\n' + system + '\\n<</SYS>>\\n\\n' + m['content'] -%}
    {%- else -%}
        {%- set content = m['content'] -%}
    {%- endif -%}
    {%- if m['role'] == 'user' -%}
        {{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}
    {%- elif m['role'] == 'assistant' -%}
        {{ ' ' + content.strip() + ' ' + eos_token }}
    {%- endif -%}
{%- endfor -%}
""",
    "headers": """{%- set date = date_string if date_string is defined else "26 Jul 2024" %}
{{- bos_token }}
{%- for m in messages %}
    {{- '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
[{{ date }}]
""",
    "model turns": """{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}""",
    "tools and thoughts": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index and (loop.last or (not loop.last and reasoning)) %}
            {{- '<|im_start|>assistant\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|im_start|>assistant\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' ~ tool_call.name ~ '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}
""",
    "white space": "a\n  {% if true %}\n  b\n  {%- if true +%}  \n c{% endif %}{% endif %}\n  {# note #}\n\n  {#- note -#}\n d\n {%+ if true %}e{% endif -%}  \n\n f {{- ' g ' -}} \n h\n{{ 'i' }}\nj\n\n",
    "loops": "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ loop.index }}/{{ loop.length }}:{{ k }}={{ v }}{{ ', ' if not loop.last }}{% endfor %}|{% for x in [] %}{% else %}none{% endfor %}|{% for x in range(9) if x is odd %}{% if x == 3 %}{% continue %}{% endif %}{% if x > 6 %}{% break %}{% endif %}{{ loop.revindex }}.{{ x }} {% endfor %}|{% set x = 1 %}{% for y in [1, 2] %}{% set x = x + y %}{{ x }}{% endfor %}{{ x }}|{% for c in 'äb' %}{{ c }}-{% endfor %}|{% for x in 'abc' %}{{ loop.previtem is defined }}{{ loop.nextitem }}{% endfor %}",
    "values": "{{ none }} {{ true }} {{ 1.0 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2.5e3 }} {{ '2' + 1 ~ 3 }} {{ nothing }} {{ 'a' ~ 1 }} {{ 'x' in 'xyz' }} {{ 'q' not in ['q'] }} {{ 1 == 1.0 }} {{ '' or 'b' }} {{ 'a' and 'c' }} {{ not none }} {{ 'ab'[0] }}{{ 'äbc'[-1] }}{{ 'abcd'[1:3] }}{{ 'abcd'[::-1] }}{{ [1, 2, 3][1:]|join('+') }} {{ 1e3 if false else 0.00001 }} {{ 'é\\u00e9\\x41\\n' }}{{ 'a' 'b' }} {{ 'A' < 'B' }} {{ 3 >= 3 }} {{ (1, 2)|length }} {{ {'a': {'b': 5}}.a.b }} {{ {'a': 1}['z'] is defined }}",
    "filters": "{{ ' x ' | trim }}|{{ 'aXb'|upper|lower }}|{{ 'hello world'|title }}|{{ 'hELLO wORLD'|capitalize }}|{{ [3, 1, 2]|sort|join(',') }}|{{ [1, 2]|first }}{{ [1, 2]|last }}|{{ missing|default('d') }}{{ ''|default('e', true) }}{{ ''|default('e') }}|{{ '3'|int + 1 }}|{{ 'x'|int(9) }}|{{ messages|map(attribute='role')|join(' ') }}|{{ messages|selectattr('role', 'equalto', 'user')|list|length }}|{{ messages|rejectattr('role', 'equalto', 'user')|map(attribute='role')|list|tojson }}|{{ 'a-b-a'|replace('a', 'c') }}|{{ [1, 1, 2]|unique|list|tojson }}|{{ {'k': [1, 2.5, none, true, 'ü\\n\"']}|tojson }}|{{ {'k': [1, {}], 'l': []}|tojson(indent=2) }}|{{ 'a\\nb\\n\\nc'|indent(2) }}|{{ 'abc'|reverse|list|join }}|{{ [1, 2, 3]|sum }}|{{ -5|abs }}|{{ ['a', 'b']|map('upper')|join }}|{{ {'b': 1, 'a': 2}|items|list|length }}|{{ 'a b  c'.split()|length }}{{ 'a,b,c'.split(',', 1)|last }}|{{ 2.5|round }}{{ 3.14159|round(2) }}|{{ 'abc'|list|tojson }}",
    "tests": "{{ 1 is number }}{{ 'a' is string }}{{ {} is mapping }}{{ [] is sequence }}{{ [] is iterable }}{{ none is none }}{{ x is undefined }}{{ 2 is even }}{{ 9 is divisibleby 3 }}{{ 1 is integer }}{{ 1.5 is float }}{{ true is boolean }}{{ true is true }}{{ 1 is true }}{{ 'a' is in ['a'] }}{{ 1 is not none }}{{ 5 is gt 3 }}{{ 1 is eq 1 and 2 is odd }}",
    "methods": "{{ 'abc'.upper() }}{{ ' x'.lstrip() }}{{ 'xxa'.lstrip('x') }}{{ 'a.b'.replace('.', '!') }}{{ 'abc'.find('c') }}{{ 'abab'.count('ab') }}{{ {'a': 1}.get('b', 'd') }}{{ {'a': 1}.keys()|list|tojson }}{{ {'a': 1}.values()|list|tojson }}{{ 'prefix'.removeprefix('pre') }}{{ 'hi there'.title() }}{{ dict(a=1)|tojson }}",
    "blocks": "{% set block %}\n [{{ 1 + 1 }}]\n{% endset %}{{ block|trim }}{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}<{{ m.role }}>{% endif %}{% endfor %}",
    "refuses": "{% if messages|length > 1 %}{{ raise_exception('one message only') }}{% endif %}ok",
}

cases = []
for name, template in TEMPLATES.items():
    for variables in (
        {"messages": HI, "add_generation_prompt": True},
        {"messages": CHAT, "add_generation_prompt": False},
        {"messages": CHAT[1:], "add_generation_prompt": True},
        {"messages": CALL, "tools": TOOLS, "add_generation_prompt": True},
        {"messages": HI, "add_generation_prompt": True, "enable_thinking": False, "date_string": "1 Jan 2026"},
    ):
        case = {"name": name, "template": template, "variables": {**TOKENS, **variables}}
        try:
            case["text"] = ENV.from_string(template).render(**case["variables"])
        except jinja2.exceptions.TemplateError as e:
            case["raises"] = str(e)
        except TypeError as e:
            case["raises"] = ""
        cases.append(case)

with open(os.path.join(os.path.dirname(__file__), "golden.json"), "w", encoding="utf-8") as f:
    json.dump({"source": f"Jinja {jinja2.__version__}, golden.py", "cases": cases}, f, ensure_ascii=False, indent=1)
    f.write("\n")
