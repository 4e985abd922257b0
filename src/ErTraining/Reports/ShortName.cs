using System.Globalization;

namespace ErTraining.Reports;

/// <summary>Names in pictures, whose room is known only roughly, since a browser chooses the font.</summary>
internal static class ShortName
{
    private const double Capital = 1.25, Widest = 1.75;

    /// <summary>The first character of the scripts whose characters are about twice as wide as Latin ones, as Hangul, kana and ideographs; emoji are beyond it, too.</summary>
    private const char FirstWide = '\u1100';

    /// <summary>The width of a text, in those of a lower-case letter.</summary>
    public static double Width(string text)
    {
        double width = 0;
        for (TextElementEnumerator element = StringInfo.GetTextElementEnumerator(text); element.MoveNext();)
        {
            char first = element.GetTextElement()[0];
            width += first is 'W' or 'M' or '@' || (first >= FirstWide && first is not (>= '\u2000' and < '\u2e80')) ? Widest : char.IsUpper(first) ? Capital : 1;
        }
        return width;
    }

    /// <summary>A name, or its beginning and an ellipsis if it is wider than a number of lower-case letters. No character is cut in two.</summary>
    public static string Of(string name, int most)
    {
        if (Width(name) <= most)
        {
            return name;
        }
        int[] starts = StringInfo.ParseCombiningCharacters(name);
        int kept = starts.Length - 1;
        while (kept > 0 && Width(name[..starts[kept]]) > most - 1)
        {
            kept--;
        }
        return name[..starts[kept]] + "…";
    }
}
