namespace MailCluster.Protocol.Server;

/// <summary>Knows the first line of an HTTP request. A browser can be made to send one to us whose body holds SMTP commands, so such a session ends at once.</summary>
public static class HttpRequest
{
    /// <summary>True where the line, no SMTP command, begins with a method of HTTP.</summary>
    public static bool Begins(ReadOnlySpan<byte> line)
    {
        var space = line.IndexOf((byte)' ');
        if (space <= 0)
        {
            return false;
        }
        var method = line[..space];
        return method.SequenceEqual("GET"u8) || method.SequenceEqual("POST"u8) || method.SequenceEqual("PUT"u8) || method.SequenceEqual("HEAD"u8)
            || method.SequenceEqual("CONNECT"u8) || method.SequenceEqual("OPTIONS"u8) || method.SequenceEqual("DELETE"u8) || method.SequenceEqual("PATCH"u8)
            || method.SequenceEqual("TRACE"u8) || method.SequenceEqual("PRI"u8);
    }
}
