namespace MailCluster.Node.Configuration;

/// <summary>What reading a configuration gathers: the keys that have a reader, the values in force, the mistakes.</summary>
internal sealed class ReadingContext
{
    private readonly bool _void;
    private readonly HashSet<string> _known;
    private readonly HashSet<string> _leaves;
    private readonly List<string> _closed = [];

    /// <summary>An empty one.</summary>
    public ReadingContext() => (_known, _leaves) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal));

    private ReadingContext(HashSet<string> known, HashSet<string> leaves) => (_void, _known, _leaves) = (true, known, leaves);

    /// <summary>The mistakes.</summary>
    public List<ConfigurationError> Errors { get; } = [];

    /// <summary>The values in force, in the order of reading.</summary>
    public List<EffectiveValue> Effective { get; } = [];

    /// <summary>Every key that has a reader, without blocks; list elements as <c>listeners[].bind</c>.</summary>
    public IReadOnlyCollection<string> Keys => _leaves;

    /// <summary>Learns the same keys, and forgets values and mistakes.</summary>
    public ReadingContext Void => new(_known, _leaves);

    /// <summary>The key has a reader.</summary>
    public void Know(string pattern, bool isBlock = false)
    {
        _known.Add(pattern);
        if (!isBlock) _leaves.Add(pattern);
    }

    /// <summary>What is below the key has been answered for.</summary>
    public void KnowBelow(string path) => _closed.Add(path);

    /// <summary>A value is in force.</summary>
    public void Show(string key, string value, Origin origin)
    {
        if (!_void) Effective.Add(new(key, value, origin));
    }

    /// <summary>A mistake.</summary>
    public void Fail(Origin origin, string key, string reason)
    {
        if (!_void) Errors.Add(new(origin, key, reason));
    }

    /// <summary>After everything was read: whatever was written and not read is a mistake.</summary>
    public void RefuseUnknown(ConfigurationNode.Block block, string path, string pattern)
    {
        foreach (var (name, node) in block.Members)
        {
            var (key, inner) = ($"{path}.{name}", $"{pattern}.{name}");
            if (!_known.Contains(inner))
            {
                Errors.Add(new(node.Origin, key, "unknown key" + Suggest(pattern, name)));
                continue;
            }

            if (_closed.Contains(key)) continue;
            switch (node)
            {
                case ConfigurationNode.Block below when !_leaves.Contains(inner):
                    RefuseUnknown(below, key, inner);
                    break;
                case ConfigurationNode.Items { Elements: var elements } when _known.Any(known => known.StartsWith(inner + "[].", StringComparison.Ordinal)):
                    for (var i = 0; i < elements.Count; i++)
                    {
                        if (elements[i] is ConfigurationNode.Block element) RefuseUnknown(element, $"{key}[{i}]", inner + "[]");
                    }

                    break;
            }
        }
    }

    /// <summary>In quotes where it is more than a word.</summary>
    public static string Quote(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ' ') && text == text.Trim()
        ? text
        : "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private string Suggest(string pattern, string name)
    {
        var siblings = _known.Where(known => known.StartsWith(pattern + ".", StringComparison.Ordinal)).Select(known => known[(pattern.Length + 1)..])
            .Where(known => !known.Contains('.', StringComparison.Ordinal) && !known.Contains('[', StringComparison.Ordinal)).ToArray();
        if (Nearest.To(name, siblings) is { } sibling) return $"; did you mean \"{sibling}\"?";

        // The right name in the wrong block.
        var elsewhere = _leaves.Where(known => known.EndsWith("." + name, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        if (elsewhere.Length is 1 or 2) return $"; did you mean \"{string.Join("\" or \"", elsewhere)}\"?";
        return siblings.Length > 0 ? $"; known here are {string.Join(", ", siblings.Order(StringComparer.Ordinal))}" : "";
    }
}
