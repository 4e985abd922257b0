using System.Globalization;

namespace ErLoss.SelfSupervised.IO;

/// <summary>Makes a message one readable line, whatever text from a damaged file it quotes.</summary>
internal static class OneLine
{
    private const int Longest = 4000, Head = 3000, Tail = 900; // more than any message of the program's own

    /// <summary>The text on one line. Control characters, which could move a terminal's cursor, and invisible formatting characters, which could reverse the order of the text, are replaced; a long text is cut in the middle.</summary>
    public static string Format(string text) => WithoutControls((text.Length <= Longest ? text : $"{text.AsSpan(0, Head)} … {text.AsSpan(text.Length - Tail)}").ReplaceLineEndings(" "));

    private static string WithoutControls(string text) => string.Create(text.Length, text, (line, from) =>
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = char.GetUnicodeCategory(from[i]) is UnicodeCategory.Control or UnicodeCategory.Format ? '\uFFFD' : from[i];
        }
    });
}
