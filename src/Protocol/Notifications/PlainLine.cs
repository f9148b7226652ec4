using System.Globalization;
using System.Text;

namespace MailCluster.Protocol.Notifications;

/// <summary>Makes text that came from others harmless: one line, no control characters, nothing that reorders what a person reads.</summary>
internal static class PlainLine
{
    /// <summary>Text for people. Newlines and controls become blanks, invisible and direction-changing characters go.</summary>
    public static string ForPeople(string text, int longest)
    {
        var line = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= longest)
            {
                line.Append('…');
                break;
            }
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    line.Append(' ');
                    break;
                case UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned:
                    break;
                default:
                    line.Append(rune.ToString());
                    break;
            }
        }
        return line.ToString();
    }

    /// <summary>Text for a field: printable ASCII, all else a question mark.</summary>
    public static string Ascii(string text, int longest) =>
        string.Create(Math.Min(text.Length, longest), text, static (line, from) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = from[i] is >= ' ' and < '\x7f' ? from[i] : char.IsControl(from[i]) ? ' ' : '?';
            }
        });
}
