using System.Globalization;

namespace MailCluster.Node.Configuration;

/// <summary>
/// Lays environment variables over what the file says: <c>MAILCLUSTER__DELIVERY__PORT</c> for <c>mailcluster.delivery.port</c>, <c>_</c> for <c>-</c> inside a
/// name. An index with a key behind it (<c>LISTENERS__0__BIND</c>) means that element's key; indexes alone (<c>NETWORKS__0</c>, <c>NETWORKS__1</c>) make up the whole
/// list, whatever stood in the file, so that no network is left in force that nobody sees. Names with a single underscore are not ours: Kubernetes sets
/// <c>MAILCLUSTER_PORT</c> and the like for a service of that name.
/// </summary>
internal static class EnvironmentOverrides
{
    /// <summary>Applies all variables that begin with <paramref name="prefix"/> and two underscores to the block; the mistakes go to <paramref name="errors"/>.</summary>
    public static void Apply(ConfigurationNode.Block root, string prefix, IEnumerable<KeyValuePair<string, string>> variables, List<ConfigurationError> errors)
    {
        Dictionary<string, string> setBy = new(StringComparer.Ordinal);
        Dictionary<string, SortedDictionary<int, ConfigurationNode.Scalar>> lists = new(StringComparer.Ordinal);
        Dictionary<string, string[]> listPaths = new(StringComparer.Ordinal);
        var ours = variables.Where(v => v.Key.StartsWith(prefix + "__", StringComparison.OrdinalIgnoreCase))
            .Select(v => (v.Key, v.Value, Path: Path(v.Key[(prefix.Length + 2)..])))
            .OrderBy(v => string.Join('.', v.Path.Select(segment => IsIndex(segment) ? segment.PadLeft(10, '0') : segment)), StringComparer.Ordinal);
        foreach (var (name, value, path) in ours)
        {
            var origin = new Origin.Environment(name);
            var key = string.Join('.', path);
            if (path.Any(segment => segment.Length == 0))
            {
                errors.Add(new(origin, null, "two underscores separate names; here is an empty one"));
            }
            else if (!setBy.TryAdd(key, name))
            {
                errors.Add(new(origin, null, $"sets the same key as {setBy[key]}"));
            }
            else if (path.Length > 1 && IsIndex(path[^1]))
            {
                var list = string.Join('.', path[..^1]);
                if (!lists.TryGetValue(list, out var elements)) (lists[list], listPaths[list]) = (elements = [], path[..^1]);
                elements[int.Parse(path[^1], CultureInfo.InvariantCulture)] = new(value, false, origin);
            }
            else if (Reason(root, path, Written(value, origin)) is { } reason)
            {
                errors.Add(new(origin, null, reason));
            }
        }

        foreach (var (list, elements) in lists)
        {
            var origin = elements.Values.First().Origin;
            if (setBy.TryGetValue(list, out var whole)) errors.Add(new(origin, null, $"sets an element of what {whole} sets as a whole"));
            else if (elements.Keys.Last() != elements.Count - 1) errors.Add(new(origin, null, $"the elements of a list are numbered from 0 without a gap; there are {string.Join(", ", elements.Keys)}"));
            else if (Reason(root, listPaths[list], new ConfigurationNode.Items([.. elements.Values], origin)) is { } reason) errors.Add(new(origin, null, reason));
        }
    }

    /// <summary>The variable that overrides the key.</summary>
    public static string VariableFor(string key) => string.Join("__", key.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.'))
        .Replace('-', '_').ToUpperInvariant();

    private static string[] Path(string name) => [.. name.Split("__").Select(segment => segment.Replace('_', '-').ToLowerInvariant())];

    private static bool IsIndex(string segment) => segment.Length is > 0 and < 6 && segment.All(char.IsAsciiDigit);

    private static ConfigurationNode Written(string value, Origin origin) => value.AsSpan().TrimStart() is ['[', ..] && HoconScanner.TryScanValue(value, origin, out var list)
        ? list
        : new ConfigurationNode.Scalar(value, false, origin);

    /// <summary>Puts the value in its place; a reason where there is no such place.</summary>
    private static string? Reason(ConfigurationNode.Block root, string[] path, ConfigurationNode value)
    {
        ConfigurationNode at = root;
        for (var i = 0; ; i++)
        {
            var last = i == path.Length - 1;
            ConfigurationNode? next;
            switch (at)
            {
                case ConfigurationNode.Block block:
                    if (last)
                    {
                        block.Members[path[i]] = value;
                        return null;
                    }

                    if (!block.Members.TryGetValue(path[i], out next))
                    {
                        block.Members[path[i]] = next = IsIndex(path[i + 1]) ? new ConfigurationNode.Items([], value.Origin) : ConfigurationNode.Block.Empty(value.Origin);
                    }

                    break;

                case ConfigurationNode.Items list:
                    if (!IsIndex(path[i])) return $"\"{string.Join('.', path[..i])}\" is a list; its elements are numbered from 0";
                    var index = int.Parse(path[i], CultureInfo.InvariantCulture);
                    if (index > list.Elements.Count) return $"there is no element {index}: \"{string.Join('.', path[..i])}\" has {list.Elements.Count}";
                    if (index == list.Elements.Count) list.Elements.Add(ConfigurationNode.Block.Empty(value.Origin));
                    next = list.Elements[index];
                    break;

                default:
                    return $"\"{string.Join('.', path[..i])}\" is a value ({at.Origin}), not a block";
            }

            at = next;
        }
    }
}
