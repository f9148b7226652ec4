using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Node.Sink;

/// <summary><c>mailcluster sink</c>: a place for mail to arrive, without the internet.</summary>
internal static class SinkCommand
{
    /// <summary>The command, to be added to the root.</summary>
    public static Command Create()
    {
        var bind = new Option<IPEndPoint>("--bind")
        {
            Description = "Address and port to listen on.",
            DefaultValueFactory = _ => new(IPAddress.Loopback, 2526),
            CustomParser = result => IPEndPoint.TryParse(Value(result), out var address) ? address : Fail<IPEndPoint>(result, "an address and port, like 127.0.0.1:2526"),
        };
        var hostname = new Option<string>("--hostname") { Description = "Name in the greeting.", DefaultValueFactory = _ => "sink.localhost" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "A line for each message, however many: time, addresses, size, subject, SHA-256 of the content." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Only the total at the end." };
        var store = new Option<string?>("--store") { Description = "Keep each message in this folder: content exactly in N.eml, envelope in N.json." };
        var reply = Repeated("--reply", "STEP=CODE[ TEXT]", "Answer a step with 4xx or 5xx. Steps: connect, ehlo, helo, mail, rcpt, data, dot, rset, quit.", SinkMisfortune.ParseReply);
        var delay = Repeated("--delay", "STEP=DURATION", "Answer a step late: 500ms, 5s, 2m.", SinkMisfortune.ParseDelay);
        var hangUp = Repeated("--hang-up", "STEP", "Close instead of the reply to a step.", text => SinkMisfortune.ParseStep(text) is { } step ? new(step, SinkMisfortuneKind.HangUp) : null);
        var hangUpAfter = Repeated("--hang-up-after", "STEP", "Close after the reply to a step.", text => SinkMisfortune.ParseStep(text) is { } step ? new(step, SinkMisfortuneKind.HangUpAfter) : null);
        var share = new Option<double>("--share") { Description = "How often these strike, 0 to 1.", DefaultValueFactory = _ => 1 };
        share.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is < 0 or > 1)
            {
                result.AddError("--share is a number from 0 to 1.");
            }
        });
        var slow = new Option<TimeSpan>("--slow")
        {
            Description = "What slow-at-STEP in an address means. Default: 5s.",
            DefaultValueFactory = _ => TimeSpan.FromSeconds(5),
            CustomParser = result => SinkMisfortune.ParseDuration(Value(result)) ?? Fail<TimeSpan>(result, "a duration: 500ms, 5s, 2m"),
        };
        var noPipelining = new Option<bool>("--no-pipelining") { Description = "Do not offer PIPELINING; refuse what comes early." };
        var no8BitMime = new Option<bool>("--no-8bitmime") { Description = "Do not offer 8BITMIME." };
        var noDsn = new Option<bool>("--no-dsn") { Description = "Do not offer DSN." };
        var noChunking = new Option<bool>("--no-chunking") { Description = "Do not offer CHUNKING." };
        var noSmtpUtf8 = new Option<bool>("--no-smtputf8") { Description = "Do not offer SMTPUTF8." };
        var size = new Option<long>("--size") { Description = "Largest message in octets." };
        var maxRecipients = new Option<int>("--max-recipients") { Description = "Recipients of a transaction; the next is answered 452." };

        var command = new Command("sink", """
            Takes mail for anybody, counts it and lets it vanish. It can misbehave: by the options, or as an address asks, like 450-at-rcpt@example.net, 450-once-at-rcpt@,
            550-at-rcpt@, 421-at-data@, hangup-at-dot@, hangup-after-dot@, slow-at-mail@, silent-at-data@, garbage-at-rcpt@, endless-at-rcpt@.
            """)
        {
            bind, hostname, verbose, quiet, store, reply, delay, hangUp, hangUpAfter, share, slow, noPipelining, no8BitMime, noDsn, noChunking, noSmtpUtf8, size, maxRecipients,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var printer = new SinkPrinter(output, parsed.GetValue(quiet), parsed.GetValue(verbose));
            var options = new SinkOptions
            {
                Bind = parsed.GetRequiredValue(bind),
                Hostname = parsed.GetRequiredValue(hostname),
                Pipelining = !parsed.GetValue(noPipelining),
                EightBitMime = !parsed.GetValue(no8BitMime),
                Dsn = !parsed.GetValue(noDsn),
                Chunking = !parsed.GetValue(noChunking),
                SmtpUtf8 = !parsed.GetValue(noSmtpUtf8),
                Size = parsed.GetValue(size),
                MaxRecipients = parsed.GetValue(maxRecipients),
                Misfortunes = [.. new[] { reply, delay, hangUp, hangUpAfter }.SelectMany(option => parsed.GetValue(option) ?? [])],
                Share = parsed.GetValue(share),
                Slow = parsed.GetValue(slow),
                Store = parsed.GetValue(store),
                Taken = printer.Taken,
                Wanted = printer.Wants,
                Trouble = printer.Trouble,
            };
            // A thread hop for every read would be half of the sink's cost; its sessions never block for long. Read by the first socket of the process.
            Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
            try
            {
                await RunAsync(options, printer, stop);
                return 0;
            }
            catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"mailcluster sink: cannot listen on {options.Bind}{(options.Store is null ? "" : $" or store in {options.Store}")}: {e.Message}");
                return 1;
            }
        });
        return command;
    }

    private static async Task RunAsync(SinkOptions options, SinkPrinter printer, CancellationToken stop)
    {
        var sink = new SinkServer(options);
        try
        {
            printer.Listening(sink.Address);
            await printer.PrintAsync(sink.Counters, stop);
        }
        finally
        {
            await sink.DisposeAsync();
        }
        printer.Total(sink.Counters);
    }

    private static Option<SinkMisfortune[]> Repeated(string name, string value, string description, Func<string, SinkMisfortune?> parse) => new(name)
    {
        Description = description,
        HelpName = value,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result =>
        {
            var parsed = new List<SinkMisfortune>();
            foreach (var token in result.Tokens)
            {
                if (parse(token.Value) is { } misfortune)
                {
                    parsed.Add(misfortune);
                }
                else
                {
                    result.AddError($"{name} takes {value}, not '{token.Value}'.");
                }
            }
            return [.. parsed];
        },
    };

    private static string Value(ArgumentResult result) => result.Tokens is [var token] ? token.Value : "";

    private static T? Fail<T>(ArgumentResult result, string expected)
    {
        result.AddError($"'{Value(result)}' is not {expected}.");
        return default;
    }
}
