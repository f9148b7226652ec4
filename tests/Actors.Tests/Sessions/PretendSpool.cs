using System.Buffers;
using MailCluster.Protocol.Content;
using MailCluster.Spool;

namespace MailCluster.Actors.Tests.Sessions;

internal sealed class PretendSpool : Spool.Spool
{
    private readonly List<(QueueId Id, Envelope Envelope, byte[] Content, ContentTraits Traits)> _all = [];
    private Action<IReadOnlyList<Arrival>> _arrivals = _ => { };
    private ulong _number;
    public override ulong Id => 7;
    public override SpoolAdmission Admission => SpoolAdmission.Open;
    public override event Action<SpoolAdmission>? AdmissionChanged { add { } remove { } }
    public override long OpenRecipients => _all.Count;
    public override void Start(Action<IReadOnlyList<Arrival>> arrivals) => _arrivals = arrivals;
    public override ValueTask<SpoolWriter> BeginAsync(CancellationToken cancellation) => new(new Writer(this, new QueueId(7, Interlocked.Increment(ref _number))));
    public override ValueTask<SpooledDelivery> OpenAsync(EntryRef entry, CancellationToken cancellation)
    {
        var (id, envelope, content, traits) = _all[entry.Index >> 16];
        return new(new SpooledDelivery(entry, id, envelope, entry.Index & 0xffff, [], 0, new Content(content, traits)));
    }
    public override void Record(EntryOutcome outcome) { }
    public override void RecordDelivered(EntryRef entry) { }
    public override QueueId IdOf(EntryRef entry) => _all[entry.Index >> 16].Id;
    public override Task FlushAsync() => Task.CompletedTask;
    public override ValueTask DisposeAsync() => default;

    private sealed class Content(byte[] content, ContentTraits traits) : SpooledContent
    {
        public override long Length => content.Length;
        public override ContentTraits Traits => traits;
        public override bool TryGetMemory(out ReadOnlySequence<byte> memory) { memory = new(content); return true; }
        public override ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellation)
        {
            var part = content.AsMemory((int)offset, (int)Math.Min(buffer.Length, content.Length - offset));
            part.CopyTo(buffer);
            return new(part.Length);
        }
        public override void Dispose() { }
    }

    private sealed class Writer(PretendSpool spool, QueueId id) : SpoolWriter
    {
        private readonly ArrayBufferWriter<byte> _content = new();
        public override QueueId Id => id;
        public override long Length => _content.WrittenCount;
        public override void Advance(int count) => _content.Advance(count);
        public override Memory<byte> GetMemory(int sizeHint = 0) => _content.GetMemory(sizeHint);
        public override Span<byte> GetSpan(int sizeHint = 0) => _content.GetSpan(sizeHint);
        public override ValueTask DrainAsync(CancellationToken cancellation) => default;
        public override async ValueTask CommitAsync(Envelope envelope, ContentTraits traits)
        {
            await Task.Yield();
            lock (spool._all)
            {
                spool._all.Add((id, envelope, _content.WrittenSpan.ToArray(), traits));
                var at = DateTimeOffset.UnixEpoch;
                spool._arrivals([.. envelope.Destinations.Select((d, i) => new Arrival(new EntryRef(((spool._all.Count - 1) << 16) | i), d.Domain, d.Recipients.Length, 0, at, 0, at, false, _content.WrittenCount))]);
            }
        }
        public override void Dispose() { }
    }
}
