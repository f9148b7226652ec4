using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using MailCluster.Node.Configuration;

namespace MailCluster.EndToEnd.Tests.Configuration;

/// <summary>What is written about the configuration is what is read.</summary>
public partial class ConfigurationDocumentTests
{
    private static readonly HostFacts Facts = new("relay-1", 16L << 30, "/srv/mail");

    private static string TopLevel([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../.."));

    [Fact]
    public void The_document_has_every_key_and_no_other()
    {
        var written = Key().Matches(File.ReadAllText(Path.Combine(TopLevel(), "docs/configuration.md"))).Select(match => "mailcluster." + match.Groups[1].Value).ToArray();
        var known = ConfigurationReader.Read("", null, [], Facts).Keys.Where(key => key is not ("mailcluster.listeners" or "mailcluster.routes")).ToArray();
        Assert.Equal(written.Distinct().Count(), written.Length);
        Assert.Empty(known.Except(written));
        Assert.Empty(written.Except(known));
    }

    [Fact]
    public void The_shipped_file_is_valid_and_says_what_the_defaults_say()
    {
        var file = Path.Combine(TopLevel(), "cluster.hocon");
        var shipped = ConfigurationReader.Read(File.ReadAllText(file), file, [], Facts);
        Assert.Empty(shipped.Errors);
        var defaults = ConfigurationReader.Read("", null, [], Facts);
        Assert.Equal(defaults.Effective.Select(value => (value.Key, value.Value)), shipped.Effective.Select(value => (value.Key, value.Value)));
        Assert.Contains(shipped.Effective, value => value.Origin is Origin.File);
    }

    [Fact]
    public void Each_default_in_the_document_is_the_one_in_force()
    {
        var effective = ConfigurationReader.Read("", null, [], Facts).Effective.ToDictionary(value => value.Key.Replace("[0]", "[]", StringComparison.Ordinal), value => value.Value);
        foreach (Match row in Row().Matches(File.ReadAllText(Path.Combine(TopLevel(), "docs/configuration.md"))))
        {
            if (!effective.TryGetValue("mailcluster." + row.Groups[1].Value, out var value)) continue;
            Assert.True(Same(value, row.Groups[2].Value), $"{row.Groups[1].Value}: the document says {row.Groups[2].Value}, in force is {value}");
        }

        static bool Same(string inForce, string written) => inForce.Trim('"') == written.Trim('"') || Parsed(inForce) == Parsed(written);

        static string Parsed(string text) => Formats.Duration.Parse(text) is { Success: true, Value: var value } ? value.ToString() : text;
    }

    [GeneratedRegex(@"^\| `([a-z\[\].-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Key();

    [GeneratedRegex(@"^\| `([a-z\[\].-]+)` \| [^|]*\| `([^`]*)`", RegexOptions.Multiline)]
    private static partial Regex Row();
}
