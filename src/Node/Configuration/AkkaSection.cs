using System.Text;
using Akka.Configuration;

namespace MailCluster.Node.Configuration;

/// <summary>
/// The section <c>akka</c>. Akka has no list of its keys, so that a wrong one cannot be told from a right one; what can be refused are the keys that
/// <c>mailcluster</c> computes, which would be overridden without a word.
/// </summary>
internal static class AkkaSection
{
    private static readonly (string Key, string Instead)[] Computed =
    [
        ("akka.actor.provider", "it is always cluster"),
        ("akka.loggers", "all lines go to the console; mailcluster.log.level and akka.loglevel say which"),
        ("akka.stdout-logger-class", "all lines go to the console"),
        ("akka.cluster.seed-nodes", "it comes from mailcluster.cluster.nodes"),
        ("akka.remote.dot-netty.tcp.hostname", "it comes from mailcluster.cluster.bind"),
        ("akka.remote.dot-netty.tcp.port", "it comes from mailcluster.cluster.bind"),
        ("akka.remote.dot-netty.tcp.public-hostname", "it comes from mailcluster.cluster.address"),
        ("akka.remote.dot-netty.tcp.public-port", "it comes from mailcluster.cluster.address"),
        ("akka.remote.dot-netty.tcp.enable-ssl", "it comes from mailcluster.cluster.tls"),
        ("akka.cluster.min-nr-of-members", "it comes from mailcluster.cluster.nodes"),
        ("akka.cluster.run-coordinated-shutdown-when-down", "a node that was downed stops in order, by its own steps"),
    ];

    public static Config Read(string text, ConfigurationNode.Block section, IEnumerable<KeyValuePair<string, string>> environment, ReadingContext context)
    {
        var overrides = ConfigurationNode.Block.Empty(new Origin.Default());
        EnvironmentOverrides.Apply(overrides, "AKKA", environment, context.Errors);
        Refuse(section, "akka", context);
        Refuse(overrides, "akka", context);
        Show(section, "akka", context, overrides);
        Show(overrides, "akka", context, null);
        if (context.Errors.Count > 0) return Config.Empty;
        try
        {
            var config = section.Members.Count == 0 ? Config.Empty : ConfigurationFactory.ParseString(text);
            if (overrides.Members.Count == 0) return config;
            var overlay = new StringBuilder("akka ");
            Render(overrides, overlay);
            return ConfigurationFactory.ParseString(overlay.ToString()).WithFallback(config);
        }
        catch (Exception refused) when (refused is not OutOfMemoryException)
        {
            // Akka's parser throws whatever it comes upon; its words are all there is to tell.
            context.Errors.Add(new(section.Origin, "akka", $"Akka cannot read it: {refused.Message.ReplaceLineEndings(" ")}"));
            return Config.Empty;
        }
    }

    private static void Refuse(ConfigurationNode.Block block, string path, ReadingContext context)
    {
        foreach (var (name, node) in block.Members)
        {
            var key = $"{path}.{name}";
            if (Array.Find(Computed, computed => computed.Key == key) is { Key: not null } found) context.Fail(node.Origin, key, $"may not be set: {found.Instead}");
            else if (node is ConfigurationNode.Block inner) Refuse(inner, key, context);
        }
    }

    /// <summary>What was set; Akka's own defaults are some thousand lines.</summary>
    private static void Show(ConfigurationNode.Block block, string path, ReadingContext context, ConfigurationNode.Block? overrides)
    {
        foreach (var (name, node) in block.Members)
        {
            var key = $"{path}.{name}";
            var over = overrides?.Members.GetValueOrDefault(name);
            if (node is ConfigurationNode.Block inner)
            {
                Show(inner, key, context, over as ConfigurationNode.Block);
            }
            else if (over is null)
            {
                var value = new StringBuilder();
                Render(node, value);
                context.Show(key, IsSecret(name) ? "\"***\"" : value.ToString(), node.Origin);
            }
        }
    }

    private static bool IsSecret(string name) => name.Contains("password", StringComparison.OrdinalIgnoreCase) || name.Contains("secret", StringComparison.OrdinalIgnoreCase)
        || name.Contains("cookie", StringComparison.OrdinalIgnoreCase) || name.Contains("connection-string", StringComparison.OrdinalIgnoreCase);

    private static void Render(ConfigurationNode node, StringBuilder into)
    {
        switch (node)
        {
            case ConfigurationNode.Scalar scalar:
                into.Append(ReadingContext.Quote(scalar.Text));
                break;
            case ConfigurationNode.Items list:
                into.Append('[');
                for (var i = 0; i < list.Elements.Count; i++)
                {
                    if (i > 0) into.Append(", ");
                    Render(list.Elements[i], into);
                }

                into.Append(']');
                break;
            case ConfigurationNode.Block block:
                into.Append("{ ");
                foreach (var (name, member) in block.Members)
                {
                    into.Append('"').Append(name).Append("\" = ");
                    Render(member, into);
                    into.Append('\n');
                }

                into.Append('}');
                break;
        }
    }
}
