using System.Globalization;
using System.Net.Sockets;

namespace MailCluster.EndToEnd.Tests.Support;

/// <summary>A real Postfix on a loopback port, with a configuration and a queue of its own. It needs root.</summary>
internal sealed class PostfixProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public int Port { get; } = FreePort.Next();

    public string ConfigurationDirectory => _folder.File("etc");

    public string Log => File.Exists(_folder.File("mail.log")) ? File.ReadAllText(_folder.File("mail.log")) : "";

    /// <summary>Starts it. <paramref name="settings"/> are lines of main.cf.</summary>
    public static async Task<PostfixProcess> StartAsync(string settings)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Postfix has to be started by root.");
        var postfix = new PostfixProcess();
        await postfix.BeginAsync(settings);
        return postfix;
    }

    /// <summary>Runs one of its commands with its configuration.</summary>
    public Task<(int ExitCode, string Output)> CommandAsync(string program, IEnumerable<string> arguments, string? input = null) =>
        Run.ToEndAsync(program, new[] { "-C", ConfigurationDirectory }.Concat(arguments), input: input);

    public async ValueTask DisposeAsync()
    {
        await Run.ToEndAsync("postfix", ["-c", ConfigurationDirectory, "stop"]);
        _folder.Dispose();
    }

    private async Task BeginAsync(string settings)
    {
        await Run.ToEndAsync("chmod", ["755", _folder.Path]);
        foreach (var name in new[] { "etc", "queue", "lib" })
        {
            Directory.CreateDirectory(_folder.File(name));
        }
        await Run.ToEndAsync("chown", ["postfix", _folder.File("lib")]);
        await File.WriteAllTextAsync(Path.Combine(ConfigurationDirectory, "main.cf"), $"""
            compatibility_level = 3.6
            myhostname = postfix.test
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            alias_maps =
            alias_database =
            local_recipient_maps =
            queue_directory = {_folder.File("queue")}
            data_directory = {_folder.File("lib")}
            maillog_file = {_folder.File("mail.log")}
            maillog_file_prefixes = /tmp, /var
            import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C
            {settings}

            """);
        var master = (await File.ReadAllLinesAsync("/usr/share/postfix/master.cf.dist"))
            .Select(line => line.StartsWith("smtp ", StringComparison.Ordinal) && line.Contains("inet", StringComparison.Ordinal)
                ? string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port} inet n - n - - smtpd")
                : NotChrooted(line));
        await File.WriteAllLinesAsync(Path.Combine(ConfigurationDirectory, "master.cf"), master);
        var (code, output) = await Run.ToEndAsync("postfix", ["-c", ConfigurationDirectory, "start"]);
        Assert.True(code == 0, $"Postfix did not start: {output}{Log}");
        await Eventually.HoldsAsync(Answers, "an answer of Postfix", otherwise: () => Log);
    }

    // The fifth column of master.cf says whether a service is chrooted; Debian's default is yes, and there is no jail here.
    private static string NotChrooted(string line)
    {
        var columns = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (line is [] or ['#' or ' ', ..] || columns.Length < 8)
        {
            return line;
        }
        columns[4] = "n";
        return string.Join(' ', columns);
    }

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
