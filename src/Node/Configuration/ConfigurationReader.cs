using Akka.Configuration;

namespace MailCluster.Node.Configuration;

/// <summary>The configuration as a function of file, environment and machine. It touches neither disk nor network.</summary>
public static partial class ConfigurationReader
{
    /// <summary>Reads it all and gathers every mistake.</summary>
    /// <param name="text">The file's text; empty where there is none.</param>
    /// <param name="file">Its name, for messages and for relative paths; null where there is none.</param>
    /// <param name="environment">All environment variables.</param>
    /// <param name="facts">What defaults are computed from.</param>
    public static ConfigurationResult Read(string text, string? file, IEnumerable<KeyValuePair<string, string>> environment, HostFacts facts)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(facts);
        var context = new ReadingContext();
        var (root, mistakes) = HoconScanner.Scan(text, file ?? "cluster.hocon");
        context.Errors.AddRange(mistakes);
        var variables = environment.ToArray();
        var mailcluster = Section(root, "mailcluster", context);
        var akka = Section(root, "akka", context);
        foreach (var (name, node) in root.Members)
        {
            if (name is not ("mailcluster" or "akka"))
            {
                context.Errors.Add(new(node.Origin, name, "unknown section" + (Nearest.To(name, ["mailcluster", "akka"]) is { } near ? $"; did you mean \"{near}\"?" : "; known are \"mailcluster\" and \"akka\"")));
            }
        }

        EnvironmentOverrides.Apply(mailcluster, "MAILCLUSTER", variables, context.Errors);
        var options = ReadMailCluster(new SectionReader(context, "mailcluster", "mailcluster", mailcluster), file, facts);

        // A text that broke off leaves keys unread; to call them unknown, or the rest missing, would only hide the one true message.
        if (mistakes.Count == 0) context.RefuseUnknown(mailcluster, "mailcluster", "mailcluster");
        var config = AkkaSection.Read(text, akka, variables, context);
        return new(context.Errors.Count == 0 ? options : null, context.Errors.Count == 0 ? config : Config.Empty,
            [.. context.Effective], [.. context.Keys.Order(StringComparer.Ordinal)], [.. context.Errors.Distinct().OrderBy(Place)]);
    }

    private static (int, string, int) Place(ConfigurationError error) => error.Origin switch
    {
        Origin.File at => (0, at.Path, at.Line),
        Origin.Environment at => (1, at.Variable, 0),
        _ => (2, "", 0),
    };

    private static ConfigurationNode.Block Section(ConfigurationNode.Block root, string name, ReadingContext context)
    {
        switch (root.Members.GetValueOrDefault(name))
        {
            case ConfigurationNode.Block block:
                return block;
            case { } other:
                context.Errors.Add(new(other.Origin, name, $"expected a block: {name} {{ … }}"));
                break;
        }

        return ConfigurationNode.Block.Empty(new Origin.Default());
    }
}
