using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MailCluster.Node.Configuration;

/// <summary>
/// Reads HOCON strictly, keeping the line of every value. It stands in front of Akka's parser, which accepts braces that do not close, keys that
/// appear twice and words it cannot place, and which keeps no lines. What is refused here never reaches it: such a file has a mistake that somebody
/// would otherwise look for in a running relay.
/// </summary>
internal sealed class HoconScanner
{
    private readonly string _text;
    private readonly string _file;
    private readonly List<ConfigurationError> _errors = [];
    private int _at;
    private int _line = 1;

    private HoconScanner(string text, string file) => (_text, _file) = (text, file);

    /// <summary>Reads a whole file. With errors, what could be read comes back beside them.</summary>
    public static (ConfigurationNode.Block Root, IReadOnlyList<ConfigurationError> Errors) Scan(string text, string file)
    {
        var scanner = new HoconScanner(text, file);
        var root = ConfigurationNode.Block.Empty(scanner.Here);
        try
        {
            scanner.SkipBlank();
            if (scanner.Peek is '{')
            {
                var line = scanner._line;
                scanner._at++;
                scanner.Members(root, line, "");
                scanner.SkipBlank();
                if (scanner.Peek is not '\0') throw scanner.Fault($"\"{scanner.Peek}\" after the closing brace of the file");
            }
            else
            {
                scanner.Members(root, openedAt: null, "");
            }
        }
        catch (ScanException stop)
        {
            scanner._errors.Add(stop.Error);
        }

        return (root, scanner._errors);
    }

    /// <summary>Reads one value, as an environment variable holds it where a list is meant: <c>["a", "b"]</c>.</summary>
    public static bool TryScanValue(string text, Origin origin, [NotNullWhen(true)] out ConfigurationNode? value)
    {
        var scanner = new HoconScanner(text, "") { Source = origin };
        try
        {
            scanner.SkipBlank();
            value = scanner.Value("");
            scanner.SkipBlank();
            return scanner.Peek is '\0' && scanner._errors.Count == 0;
        }
        catch (ScanException)
        {
            value = null;
            return false;
        }
    }

    private Origin? Source { get; init; }

    private Origin Here => Source ?? new Origin.File(_file, _line);

    private char Peek => _at < _text.Length ? _text[_at] : '\0';

    private ScanException Fault(string reason) => new(new(Here, null, reason));

    private void Members(ConfigurationNode.Block block, int? openedAt, string prefix)
    {
        for (;;)
        {
            SkipBlank();
            if (Peek is '\0' && _at >= _text.Length)
            {
                if (openedAt is { } line) throw Fault($"the file ends, but the brace opened on line {line} is not closed");
                return;
            }

            if (Peek is '}')
            {
                if (openedAt is null) throw Fault("a closing brace too many");
                _at++;
                return;
            }

            Member(block, prefix);
            EndOfMember("}");
        }
    }

    /// <summary>After a member or an element: a comma, the end of the line, or what closes it.</summary>
    private void EndOfMember(string closing)
    {
        var line = _line;
        SkipBlank();
        if (Peek is ',')
        {
            _at++;
            return;
        }

        if (_line == line && _at < _text.Length && !closing.Contains(Peek)) throw Fault($"\"{Word()}\" where a comma or the end of the line is expected");
    }

    private void Member(ConfigurationNode.Block block, string prefix)
    {
        var origin = Here;
        var path = Path();
        SkipSpaces();
        switch (Peek)
        {
            case '{':
                break;
            case '+' when _at + 1 < _text.Length && _text[_at + 1] == '=':
                throw Fault($"\"+=\" is not understood; write the whole list with \"=\"");
            case '=' or ':':
                _at++;
                SkipBlank();
                break;
            default:
                throw path is ["include"]
                    ? Fault("\"include\" is not understood; there is one file")
                    : Fault($"\"{string.Join('.', path)}\" is followed by {(Peek is '\0' or '\n' or '\r' ? "nothing" : $"\"{Word()}\"")}; expected \"=\" or \"{{\"");
        }

        var parent = block;
        for (var i = 0; i < path.Count - 1; i++)
        {
            if (!parent.Members.TryGetValue(path[i], out var next))
            {
                parent.Members[path[i]] = next = ConfigurationNode.Block.Empty(origin);
            }

            if (next is not ConfigurationNode.Block inner)
            {
                _errors.Add(new(origin, prefix + string.Join('.', path), $"\"{prefix}{string.Join('.', path.Take(i + 1))}\" has a value already ({next.Origin})"));
                inner = ConfigurationNode.Block.Empty(origin);
            }

            parent = inner;
        }

        var (key, whole) = (path[^1], prefix + string.Join('.', path));
        var existing = parent.Members.GetValueOrDefault(key);
        if (Peek is '{' && existing is ConfigurationNode.Block { Closed: false } implied)
        {
            // a.b = 1, then a { c = 2 }: the members meet in one block, and each is checked.
            var line = _line;
            _at++;
            var joined = implied with { Closed = true };
            parent.Members[key] = joined;
            Members(joined, line, whole + ".");
            return;
        }

        var value = Value(whole);
        if (existing is not null)
        {
            _errors.Add(new(origin, whole, $"duplicate key: it stands at {existing.Origin} already"));
            return;
        }

        parent.Members[key] = value;
    }

    private List<string> Path()
    {
        List<string> path = [];
        for (;;)
        {
            if (Peek is '"')
            {
                path.Add(Quoted());
            }
            else
            {
                var start = _at;
                while (_at < _text.Length && _text[_at] is not ('.' or '=' or ':' or '{' or '}' or '[' or ']' or ',' or '+' or '#' or '"' or '$') && !char.IsWhiteSpace(_text[_at])) _at++;
                if (_at == start) throw Fault($"a key is expected, not \"{Word()}\"");
                path.Add(_text[start.._at]);
            }

            if (Peek is not '.') return path;
            _at++;
        }
    }

    private ConfigurationNode Value(string prefix)
    {
        var origin = Here;
        switch (Peek)
        {
            case '{':
            {
                var line = _line;
                _at++;
                var block = new ConfigurationNode.Block(new(StringComparer.Ordinal), true, origin);
                Members(block, line, prefix + ".");
                return block;
            }

            case '[':
            {
                var line = _line;
                _at++;
                List<ConfigurationNode> elements = [];
                for (;;)
                {
                    SkipBlank();
                    if (_at >= _text.Length) throw Fault($"the text ends, but the bracket opened on line {line} is not closed");
                    if (Peek is ']')
                    {
                        _at++;
                        return new ConfigurationNode.Items(elements, origin);
                    }

                    elements.Add(Value(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{prefix}[{elements.Count}]")));
                    EndOfMember("]");
                }
            }

            default:
                return ScalarValue(origin);
        }
    }

    private ConfigurationNode.Scalar ScalarValue(Origin origin)
    {
        var text = new StringBuilder();
        var (substitution, pieces) = (false, 0);
        for (;;)
        {
            if (Peek is '"')
            {
                text.Append(Quoted());
                pieces++;
            }
            else if (Peek is '$' && _at + 1 < _text.Length && _text[_at + 1] == '{')
            {
                var end = _text.IndexOf('}', _at);
                if (end < 0 || _text.AsSpan(_at, end - _at).Contains('\n')) throw Fault("\"${\" is not closed");
                text.Append(_text, _at, end + 1 - _at);
                _at = end + 1;
                (substitution, pieces) = (true, pieces + 1);
            }
            else if (AtEndOfScalar)
            {
                break;
            }
            else if (Peek is '{' or '[' or '=')
            {
                throw Fault($"\"{Peek}\" inside a value; put the value in quotes");
            }
            else if (Peek is ' ' or '\t')
            {
                // Spaces count between the words of a value, not around it.
                var start = _at;
                SkipSpaces();
                if (pieces > 0 && !AtEndOfScalar) text.Append(_text, start, _at - start);
            }
            else
            {
                var start = _at;
                do _at++;
                while (!AtEndOfScalar && Peek is not ('"' or '$' or '{' or '[' or '=' or ' ' or '\t'));
                text.Append(_text, start, _at - start);
                pieces++;
            }
        }

        if (pieces == 0) throw Fault("a value is missing; an empty one is written \"\"");
        return new(text.ToString(), substitution, origin);
    }

    private bool AtComment => Peek is '#' || (Peek is '/' && _at + 1 < _text.Length && _text[_at + 1] == '/');

    private bool AtEndOfScalar => _at >= _text.Length || Peek is '\n' or '\r' or ',' or '}' or ']' || AtComment;

    private string Quoted()
    {
        if (_at + 2 < _text.Length && _text[_at + 1] == '"' && _text[_at + 2] == '"') return TripleQuoted();
        var text = new StringBuilder();
        for (_at++; ; _at++)
        {
            switch (Peek)
            {
                case '"':
                    _at++;
                    return text.ToString();
                case '\0' when _at >= _text.Length:
                case '\n':
                    throw Fault("a quotation mark is not closed on its line");
                case '\\':
                    _at++;
                    text.Append(Peek switch
                    {
                        '"' => '"',
                        '\\' => '\\',
                        '/' => '/',
                        'b' => '\b',
                        'f' => '\f',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => Unicode(),
                        _ => throw Fault($"\"\\{Peek}\" is no escape; a backslash is written \"\\\\\""),
                    });
                    break;
                default:
                    text.Append(Peek);
                    break;
            }
        }
    }

    private char Unicode()
    {
        if (_at + 4 >= _text.Length || !ushort.TryParse(_text.AsSpan(_at + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var code))
        {
            throw Fault("\"\\u\" needs four hexadecimal digits");
        }

        _at += 4;
        return (char)code;
    }

    private string TripleQuoted()
    {
        var end = _text.IndexOf("\"\"\"", _at + 3, StringComparison.Ordinal);
        if (end < 0) throw Fault("three quotation marks are not closed");
        var text = _text[(_at + 3)..end];
        _line += text.AsSpan().Count('\n');
        _at = end + 3;
        return text;
    }

    private void SkipSpaces()
    {
        while (Peek is ' ' or '\t') _at++;
    }

    private void SkipBlank()
    {
        for (; _at < _text.Length; _at++)
        {
            var c = _text[_at];
            if (c is '\n') _line++;
            else if (AtComment)
            {
                while (_at + 1 < _text.Length && _text[_at + 1] != '\n') _at++;
            }
            else if (!char.IsWhiteSpace(c) && c != '\uFEFF')
            {
                return;
            }
        }
    }

    private string Word()
    {
        var end = _at;
        while (end < _text.Length && end - _at < 20 && !char.IsWhiteSpace(_text[end])) end++;
        return end == _at ? "the end of the line" : _text[_at..end];
    }

    private sealed class ScanException(ConfigurationError error) : Exception(error.Reason)
    {
        public ConfigurationError Error { get; } = error;
    }
}
