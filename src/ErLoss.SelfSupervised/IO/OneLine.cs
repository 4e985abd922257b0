using System.Globalization;

namespace ErLoss.SelfSupervised.IO;

/// <summary>What a user is told: a line that can be read, whatever a spoilt file made a message quote.</summary>
internal static class OneLine
{
    private const int Longest = 4000, Head = 3000, Tail = 900; // more than any message of the program's own

    /// <summary>The text without line ends, other control characters, which could move a terminal's cursor, and those that format, which could turn its order round; of a long one, its beginning and its end.</summary>
    public static string Format(string text) => WithoutControls((text.Length <= Longest ? text : $"{text.AsSpan(0, Head)} … {text.AsSpan(text.Length - Tail)}").ReplaceLineEndings(" "));

    private static string WithoutControls(string text) => string.Create(text.Length, text, (line, from) =>
    {
        for (int i = 0; i < line.Length; i++)
        {
            line[i] = char.GetUnicodeCategory(from[i]) is UnicodeCategory.Control or UnicodeCategory.Format ? '\uFFFD' : from[i];
        }
    });
}
