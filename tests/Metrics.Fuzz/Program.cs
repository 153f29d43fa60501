using System.Globalization;
using SharpFuzz;

namespace Metrics.Fuzz;

/// <summary>
/// Tries one reader with what AFL++ makes up, led by the branches that it takes (see <c>tests/Metrics.Fuzz/run</c>), or with given files.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is ["list"])
        {
            foreach (FuzzTarget known in FuzzTarget.All)
                Console.WriteLine(known.Name);
            return 0;
        }
        if (arguments is not [var name, ..] || FuzzTarget.All.FirstOrDefault(t => t.Name == name) is not { } target)
        {
            Console.Error.WriteLine("usage: Metrics.Fuzz list | READER (under afl-fuzz) | READER FILE...");
            return 2;
        }
        if (arguments.Length > 1)
            return TryFiles(target, arguments[1..]);
        // A process of its own: what hangs or overflows the stack there is found, and the fuzzing goes on.
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            target.Try(bytes.ToArray());
        });
        return 0;
    }

    private static int TryFiles(FuzzTarget target, string[] files)
    {
        int bad = 0;
        foreach (string file in files)
        {
            try
            {
                target.Try(File.ReadAllBytes(file));
            }
            catch (Exception e)
            {
                bad++;
                Console.Error.WriteLine($"{file}: {e}");
            }
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}: {files.Length} tried, {bad} bad"));
        return bad == 0 ? 0 : 1;
    }
}
