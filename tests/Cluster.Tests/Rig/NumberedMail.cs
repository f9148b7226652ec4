using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>Messages that can be told apart and checked: a number and a hash of the body in the header, the body made from the number.</summary>
internal static class NumberedMail
{
    private const string NumberField = "X-Number: ";
    private const string HashField = "X-Hash: ";

    /// <summary>Header and body as they are sent, without dot-stuffing: no line begins with a dot.</summary>
    public static string Content(long number)
    {
        var random = new Random((int)number);
        var body = new StringBuilder();
        for (var lines = random.Next(1, 40); lines > 0; lines--)
        {
            body.Append((char)('a' + random.Next(26)), random.Next(70)).Append("\r\n");
        }

        return string.Create(CultureInfo.InvariantCulture, $"Subject: load\r\n{NumberField}{number}\r\n{HashField}{Hash(body.ToString())}\r\n\r\n{body}");
    }

    /// <summary>The number of a message that has come, and whether its body is what was sent. Fields that relays put before ours are passed over.</summary>
    public static (long Number, bool Intact) Read(string content)
    {
        var end = content.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var header = end < 0 ? content : content[..(end + 2)];
        return (long.TryParse(Field(header, NumberField), CultureInfo.InvariantCulture, out var number) ? number : -1, end >= 0 && Field(header, HashField) == Hash(content[(end + 4)..]));
    }

    private static string Field(string header, string name)
    {
        var at = header.IndexOf("\r\n" + name, StringComparison.Ordinal) + 2 + name.Length;
        return at < 2 + name.Length ? "" : header[at..header.IndexOf("\r\n", at, StringComparison.Ordinal)];
    }

    private static string Hash(string body) => Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(body)));
}
