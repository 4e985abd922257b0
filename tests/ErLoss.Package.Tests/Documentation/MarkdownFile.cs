using System.Text.RegularExpressions;

namespace ErLoss.Package.Tests;

/// <summary>A file of the documentation: its code, links and headings.</summary>
internal sealed partial record MarkdownFile(string Name)
{
    /// <summary>The package's readme is read apart from the repository.</summary>
    public const string PackageReadme = "src/ErLoss.Modules/README.md";

    public static IEnumerable<MarkdownFile> All =>
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md")
            .Select(path => $"docs/{Path.GetFileName(path)}")
            .Order(StringComparer.Ordinal)
            .Prepend(PackageReadme)
            .Prepend("CHANGELOG.md")
            .Prepend("CONTRIBUTING.md")
            .Prepend("README.md")
            .Select(name => new MarkdownFile(name));

    public string Folder => Path.GetDirectoryName(Path.Combine(Repository.Root, Name))!;

    /// <summary>The number of its lines.</summary>
    public int LineCount => Text.TrimEnd('\n').Split('\n').Length;

    private string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, Name)).ReplaceLineEndings("\n");

    /// <summary>The code blocks of a language, each with the output that a text block right after it promises.</summary>
    public IEnumerable<(string Code, string? Output)> CodeBlocks(string language)
    {
        MatchCollection blocks = CodeBlock().Matches(Text);
        for (int i = 0; i < blocks.Count; i++)
        {
            if (blocks[i].Groups["language"].Value == language)
            {
                bool hasOutput = i + 1 < blocks.Count
                    && blocks[i + 1].Groups["language"].Value == "text"
                    && blocks[i + 1].Index == blocks[i].Index + blocks[i].Length;
                yield return (CodeOf(blocks[i]), hasOutput ? CodeOf(blocks[i + 1]) : null);
            }
        }
    }

    /// <summary>What its links lead to, and its pictures.</summary>
    public IEnumerable<string> Links() => Link().Matches(Prose).Select(match => match.Groups[1].Value);

    /// <summary>The places in the repository that it names, rather than links to: code is no part of the site.</summary>
    public IEnumerable<string> Places() => Place().Matches(Prose).Select(match => match.Groups[1].Value);

    /// <summary>The pieces of code that stand within its sentences.</summary>
    public IEnumerable<string> CodeSpans() => CodeSpan().Matches(Prose).Select(match => match.Groups[1].Value);

    /// <summary>The anchors of its headings, as GitHub makes them.</summary>
    public IEnumerable<string> Anchors() =>
        Heading().Matches(Prose).Select(match => NotInAnchor().Replace(match.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    private string Prose => CodeBlock().Replace(Text, "");

    public override string ToString() => Name;

    private static string CodeOf(Match block)
    {
        string indent = block.Groups["indent"].Value;
        return string.Concat(block.Groups["code"].Value.Split('\n').SkipLast(1).Select(line => line[Math.Min(indent.Length, line.Length)..] + "\n"));
    }

    [GeneratedRegex(@"^(?<indent> *)```(?<language>\w+)\n(?<code>.*?)^\k<indent>```\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`((?:src|tests|benchmarks|samples|build|docs|\.github|\.ci)/[\w./-]+)`")]
    private static partial Regex Place();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
