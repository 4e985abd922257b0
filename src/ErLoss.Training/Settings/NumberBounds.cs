using System.Globalization;

namespace ErLoss.Training.Settings;

/// <summary>The largest numbers that can be stored. A message names them where a number lies beyond.</summary>
internal static class NumberBounds
{
    /// <summary>A description of the numbers that are wanted; where a text is a number beyond those that can be stored, with the largest of them: "a whole number from 0 to 2147483647".</summary>
    /// <param name="wanted">The description: "a whole number from 0 up".</param>
    /// <param name="text">What was given in place of such a number.</param>
    /// <param name="isWhole">Whether the numbers are whole ones.</param>
    public static string Named(string wanted, string text, bool isWhole)
    {
        double most = isWhole ? int.MaxValue : double.MaxValue;
        bool isBeyond = text.Any(char.IsAsciiDigit) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > most;
        if (!isBeyond || wanted.Contains(" to ", StringComparison.Ordinal))
        {
            return wanted;
        }
        string limit = string.Create(CultureInfo.InvariantCulture, $"to {most}");
        return wanted.EndsWith(" up", StringComparison.Ordinal) ? $"{wanted[..^"up".Length]}{limit}" : $"{wanted} up {limit}";
    }
}
