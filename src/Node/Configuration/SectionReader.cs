using System.Collections.Immutable;

namespace MailCluster.Node.Configuration;

/// <summary>
/// Reads one block, key by key. Reading a key is what makes it known: there is no other list of keys, so that none can be accepted and ignored.
/// A value that cannot be read leaves its default in place and an error behind.
/// </summary>
internal sealed class SectionReader(ReadingContext context, string path, string pattern, ConfigurationNode.Block? block)
{
    /// <summary>The block's key, with indexes.</summary>
    public string Path => path;

    /// <summary>Where the block, or its key, was written.</summary>
    public Origin OriginOf(string name) => block?.Members.GetValueOrDefault(name)?.Origin ?? new Origin.Default();

    /// <summary>Whether anybody has set the key.</summary>
    public bool Has(string name) => block?.Members.ContainsKey(name) ?? false;

    /// <summary>Whether what was set could not be read, and has been told.</summary>
    public bool HasMistake(string name) => context.Errors.Any(error => error.Key?.StartsWith($"{path}.{name}", StringComparison.Ordinal) ?? false);

    /// <summary>A block within.</summary>
    public SectionReader Section(string name)
    {
        context.Know($"{pattern}.{name}", isBlock: true);
        switch (block?.Members.GetValueOrDefault(name))
        {
            case null:
                return new(context, $"{path}.{name}", $"{pattern}.{name}", null);
            case ConfigurationNode.Block inner:
                return new(context, $"{path}.{name}", $"{pattern}.{name}", inner);
            case var other:
                context.Fail(other.Origin, $"{path}.{name}", "expected a block: " + name + " { … }");
                return new(context, $"{path}.{name}", $"{pattern}.{name}", null);
        }
    }

    /// <summary>A value without bounds.</summary>
    public T Value<T>(string name, T defaultValue, ValueFormat<T> format, string? from = null) => Value(name, defaultValue, format, static _ => null, from);

    /// <summary>A value within bounds.</summary>
    public T Value<T>(string name, T defaultValue, ValueFormat<T> format, T min, T max, string? from = null)
        where T : IComparable<T>
        => Value(name, defaultValue, format,
            value => value.CompareTo(min) < 0 || value.CompareTo(max) > 0 ? $"allowed are {format.Print(min)} to {format.Print(max)}" : null, from);

    /// <summary>A value that <paramref name="refuse"/> has nothing against.</summary>
    /// <param name="name">The key.</param>
    /// <param name="defaultValue">Where nobody has set it.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="refuse">Why a value is not allowed, or null.</param>
    /// <param name="from">What the default was computed from.</param>
    public T Value<T>(string name, T defaultValue, ValueFormat<T> format, Func<T, string?> refuse, string? from = null)
    {
        context.Know($"{pattern}.{name}");
        var key = $"{path}.{name}";
        if (block?.Members.GetValueOrDefault(name) is not { } node)
        {
            context.Show(key, ReadingContext.Quote(format.Print(defaultValue)), new Origin.Default(from));
            return defaultValue;
        }

        if (!TryRead(node, key, format, refuse, out var value)) return defaultValue;
        context.Show(key, ReadingContext.Quote(format.Print(value)), node.Origin);
        return value;
    }

    /// <summary>A list of values. What is written replaces the default whole.</summary>
    public ImmutableArray<T> Values<T>(string name, ImmutableArray<T> defaults, ValueFormat<T> format)
    {
        context.Know($"{pattern}.{name}");
        var key = $"{path}.{name}";
        if (block?.Members.GetValueOrDefault(name) is not { } node)
        {
            Show(defaults, new Origin.Default());
            return defaults;
        }

        if (node is not ConfigurationNode.Items list)
        {
            context.Fail(node.Origin, key, $"expected a list in brackets, each element {format.Allowed}");
            return defaults;
        }

        var values = ImmutableArray.CreateBuilder<T>(list.Elements.Count);
        for (var i = 0; i < list.Elements.Count; i++)
        {
            if (!TryRead(list.Elements[i], $"{key}[{i}]", format, static _ => null, out var value)) continue;
            if (values.Contains(value)) context.Fail(list.Elements[i].Origin, $"{key}[{i}]", $"{format.Print(value)} is in the list already");
            else values.Add(value);
        }

        Show(values, node.Origin);
        return values.ToImmutable();

        void Show(IEnumerable<T> shown, Origin origin) => context.Show(key, "[" + string.Join(", ", shown.Select(v => ReadingContext.Quote(format.Print(v)))) + "]", origin);
    }

    /// <summary>A list of blocks. What is written replaces the default whole; without it, <paramref name="defaultCount"/> elements are read from nothing.</summary>
    public ImmutableArray<T> Blocks<T>(string name, int defaultCount, Func<SectionReader, int, T?> read)
        where T : class
    {
        context.Know($"{pattern}.{name}");
        var (key, inner) = ($"{path}.{name}", $"{pattern}.{name}[]");

        // An element read into the void makes its keys known where the list is empty.
        read(new SectionReader(context.Void, $"{key}[]", inner, null), 0);
        IReadOnlyList<ConfigurationNode?> elements;
        switch (block?.Members.GetValueOrDefault(name))
        {
            case null:
                elements = new ConfigurationNode?[defaultCount];
                if (defaultCount == 0) context.Show(key, "[]", new Origin.Default());
                break;
            case ConfigurationNode.Items list:
                elements = list.Elements;
                if (elements.Count == 0) context.Show(key, "[]", list.Origin);
                break;
            case var other:
                context.Fail(other.Origin, key, "expected a list of blocks: " + name + " = [ { … } ]");
                return [];
        }

        var values = ImmutableArray.CreateBuilder<T>(elements.Count);
        for (var i = 0; i < elements.Count; i++)
        {
            if (elements[i] is not (null or ConfigurationNode.Block))
            {
                context.Fail(elements[i]!.Origin, $"{key}[{i}]", "expected a block: { … }");
                continue;
            }

            if (read(new SectionReader(context, $"{key}[{i}]", inner, (ConfigurationNode.Block?)elements[i]), i) is { } value) values.Add(value);
        }

        return values.ToImmutable();
    }

    /// <summary>A value that must be there.</summary>
    public T? Required<T>(string name, ValueFormat<T> format)
    {
        context.Know($"{pattern}.{name}");
        var key = $"{path}.{name}";
        if (block?.Members.GetValueOrDefault(name) is not { } node)
        {
            context.Fail(block?.Origin ?? new Origin.Default(), key, $"is missing; expected {format.Allowed}");
            return default;
        }

        if (!TryRead(node, key, format, static _ => null, out var value)) return default;
        context.Show(key, ReadingContext.Quote(format.Print(value)), node.Origin);
        return value;
    }

    /// <summary>A key whose feature this version does not have: only the value that switches it off is taken.</summary>
    /// <param name="name">The key.</param>
    /// <param name="off">Its default, and the one value allowed.</param>
    /// <param name="known">Words that will be allowed; others are bad values.</param>
    public void NotYet(string name, string off, params string[] known)
    {
        var format = known.Length == 0 ? Formats.Text : Formats.Choice([(off, off), .. known.Select(word => (word, word))]);
        Value(name, off, format, value => value == off ? null : $"this version does not do it; leave it at {ReadingContext.Quote(off)}");
    }

    /// <summary>A list whose feature this version does not have: only the empty one is taken.</summary>
    public void NotYetList(string name)
    {
        context.Know($"{pattern}.{name}");
        var node = block?.Members.GetValueOrDefault(name);
        if (node is not (null or ConfigurationNode.Items { Elements.Count: 0 })) context.Fail(node.Origin, $"{path}.{name}", "this version does not do it; leave it at []");
        context.KnowBelow($"{path}.{name}");
        context.Show($"{path}.{name}", "[]", node?.Origin ?? new Origin.Default());
    }

    /// <summary>A rule over several keys is broken.</summary>
    public void Fail(string name, string reason) => context.Fail(OriginOf(name), $"{path}.{name}", reason);

    private bool TryRead<T>(ConfigurationNode node, string key, ValueFormat<T> format, Func<T, string?> refuse, out T value)
    {
        value = default!;
        if (node is not ConfigurationNode.Scalar scalar)
        {
            context.Fail(node.Origin, key, $"expected {format.Allowed}");
            return false;
        }

        if (scalar.Substitution)
        {
            context.Fail(node.Origin, key, $"\"{scalar.Text}\": substitutions are not understood; set the environment variable {EnvironmentOverrides.VariableFor(key)} instead");
            return false;
        }

        var parsed = format.Parse(scalar.Text);
        if (!parsed.Try(out var read))
        {
            context.Fail(node.Origin, key, $"\"{scalar.Text}\": {(parsed.Reason is null ? "" : parsed.Reason + "; ")}expected {format.Allowed}");
            return false;
        }

        if (refuse(read) is { } reason)
        {
            context.Fail(node.Origin, key, $"\"{scalar.Text}\": {reason}");
            return false;
        }

        value = read;
        return true;
    }
}
