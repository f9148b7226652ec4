using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using DnsClient.Protocol;

namespace MailCluster.Actors.Delivery;

/// <summary>Asks the name servers: UDP, then TCP where the answer was cut, each server in turn. One question at a time per name and type, so many in all. Never throws for what a server does.</summary>
internal sealed class DnsLookups : IDisposable
{
    /// <summary>Aliases followed within and between answers. Resolvers do the following; this is for those that leave it to us.</summary>
    private const int MostAliases = 8;

    private readonly DnsOptions _options;
    private readonly LookupClient _client;
    private readonly DnsCache _cache;
    private readonly SemaphoreSlim _turns;

    public DnsLookups(DnsOptions options, TimeProvider clock)
    {
        _options = options;
        _turns = new SemaphoreSlim(options.ConcurrentLookups);
        _cache = new DnsCache(options.CacheSize, clock);
        var client = options.Servers.IsEmpty ? new LookupClientOptions() : new LookupClientOptions([.. options.Servers]);
        client.UseCache = false;                // Ours is bounded in size as well as in time.
        client.Timeout = options.Timeout;
        client.Retries = options.Retries;
        client.UseTcpFallback = true;
        client.UseRandomNameServer = false;
        client.ContinueOnDnsError = true;       // SERVFAIL of one server: the next may know.
        client.ContinueOnEmptyResponse = false;
        client.ThrowDnsErrors = false;
        client.ExtendedDnsBufferSize = 1232;    // Fits every path's packets without fragments.
        _client = new LookupClient(client);
    }

    /// <summary>Mail exchangers of the name.</summary>
    public Task<DnsAnswer> ExchangersAsync(string name, TimeSpan maxAge) => _cache.GetAsync(new(name, QueryType.MX), maxAge, AskAsync);

    /// <summary>Addresses of the name, of one family.</summary>
    public Task<DnsAnswer> AddressesAsync(string name, bool v6, TimeSpan maxAge) => _cache.GetAsync(new(name, v6 ? QueryType.AAAA : QueryType.A), maxAge, AskAsync);

    public void Dispose() => _turns.Dispose();

    private async Task<DnsAnswer> AskAsync(DnsCache.Question question)
    {
        await _turns.WaitAsync().ConfigureAwait(false);
        try
        {
            var (name, timeToLive) = (question.Name, _options.MaxTimeToLive);
            for (var aliases = 0; aliases <= MostAliases; aliases++)
            {
                var answer = await _client.QueryAsync(name, question.Type).ConfigureAwait(false);
                switch (answer.Header.ResponseCode)
                {
                    case DnsHeaderResponseCode.NotExistentDomain:
                        return new DnsAnswer.NoSuchName(Negative(answer));
                    case not DnsHeaderResponseCode.NoError:
                        return Failed(answer.Header.ResponseCode.ToString());
                }

                // Only records that hang on the name asked for count, whatever else the answer holds.
                var (end, isAlias) = (name, false);
                for (var i = 0; i <= MostAliases; i++)
                {
                    if (answer.Answers.CnameRecords().FirstOrDefault(record => IsName(record.DomainName, end)) is not { } alias)
                    {
                        break;
                    }

                    (end, isAlias) = (Text(alias.CanonicalName), true);
                    timeToLive = Shorter(timeToLive, alias.InitialTimeToLive);
                }

                var records = answer.Answers.Where(record => record.RecordType == (ResourceRecordType)question.Type && IsName(record.DomainName, end)).ToList();
                if (records.Count > 0)
                {
                    return Found(question.Type, records, records.Aggregate(timeToLive, (shortest, record) => Shorter(shortest, record.InitialTimeToLive)));
                }

                if (!isAlias)
                {
                    return Found(question.Type, records, Negative(answer));
                }

                name = end;     // An alias whose target the server left to us.
            }

            return Failed("alias leads to alias without end");
        }
        catch (Exception failure) when (failure is not (OutOfMemoryException or ObjectDisposedException))
        {
            // Sockets fail, answers cannot be read, names in them are none: the peer's doing, not a bug of ours.
            return Failed(Words(failure));
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>What happened, for a person: the sender of a message reads it in a report.</summary>
    private static string Words(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case OperationCanceledException or TimeoutException or DnsResponseException { Code: DnsResponseCode.ConnectionTimeout }:
                    return "the name servers did not answer in time";
                case SocketException socket:
                    return $"the name servers cannot be reached ({socket.SocketErrorCode})";
                case DnsXidMismatchException:
                    return "the answer was to another question";
            }
        }
        return "the answer cannot be read";
    }

    private DnsAnswer Found(QueryType type, List<DnsResourceRecord> records, TimeSpan timeToLive)
    {
        timeToLive = timeToLive > _options.MinTimeToLive ? timeToLive : _options.MinTimeToLive;
        return type == QueryType.MX
            ? new DnsAnswer.Exchangers([.. records.OfType<MxRecord>().Select(record => new MailExchanger(Text(record.Exchange), record.Preference))], timeToLive)
            : new DnsAnswer.Addresses([.. records.OfType<AddressRecord>().Select(record => record.Address)], timeToLive);
    }

    private DnsAnswer.Failed Failed(string cause) => new(cause, _options.FailureTimeToLive);

    /// <summary>RFC 2308 section 5: the lesser of the SOA record's time to live and its MINIMUM field.</summary>
    private TimeSpan Negative(IDnsQueryResponse answer)
    {
        var timeToLive = answer.Authorities.SoaRecords().FirstOrDefault() is { } start
            ? TimeSpan.FromSeconds(Math.Min((uint)start.InitialTimeToLive, start.Minimum))
            : _options.MinTimeToLive;
        timeToLive = timeToLive < _options.MaxNegativeTimeToLive ? timeToLive : _options.MaxNegativeTimeToLive;
        return timeToLive > _options.MinTimeToLive ? timeToLive : _options.MinTimeToLive;
    }

    private static TimeSpan Shorter(TimeSpan shortest, int seconds)
    {
        // RFC 2181 section 8: a time to live with the highest bit set is zero.
        var timeToLive = TimeSpan.FromSeconds(Math.Max(0, seconds));
        return timeToLive < shortest ? timeToLive : shortest;
    }

    private static string Text(DnsString name) => name.Value.TrimEnd('.').ToLowerInvariant();

    private static bool IsName(DnsString record, string name) => IsSame(record.Value.AsSpan().TrimEnd('.'), name);

    private static bool IsSame(ReadOnlySpan<char> left, ReadOnlySpan<char> right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);
}
