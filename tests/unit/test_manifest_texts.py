import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from jupyter_cluster_constructs.manifest_texts import documents


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\n---\nb: [1, -2, 0, 010, 0x1f, 1e3, 1.5, .5, 1_000, '1', 1Gi, 100m, 10.0.0.1, 2001-01-01]\n",
        "[true, True, false, yes, no, null, ~, '', 'true', \"null\", NULL, '~']",
        "empty:\nnested: {a: [{b: c}]}\ntext: |\n  1\n  2\n",
        "a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\n",
        "a: !!str 1\nb: !!int '2'\n2: number\ntrue: boolean\n",
        "%YAML 1.1\n---\na: yes\n",
        "---\n---\na: b\n...\n",
    ],
)
def test_documents_are_what_the_safe_loader_reads(text: str) -> None:
    assert repr(documents(text)) == repr(list(YAML(typ="safe").load_all(text)))


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "a: !unknown b\n", "{a: b}}", "a: ="])
def test_what_the_safe_loader_refuses_is_refused(text: str) -> None:
    with pytest.raises(YAMLError):
        documents(text)
