using System.Globalization;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>Settings that lead mail to a test's next hop.</summary>
internal static class Routes
{
    /// <summary>All mail, by a static route.</summary>
    public static string To(RecordingSink sink) => To(sink.Port);

    /// <summary>All mail, by a static route.</summary>
    public static string To(int port) => string.Create(CultureInfo.InvariantCulture, $$"""routes = [ { domain = "*", to = "127.0.0.1:{{port}}" } ]""");

    /// <summary>By MX, through the name server, to port <paramref name="port"/> of loopback addresses.</summary>
    public static string ByMx(NameServer names, int port) => string.Create(CultureInfo.InvariantCulture, $$"""
        {{names.Setting}}
        delivery { port = {{port}}, allow-loopback = on }
        """);
}
