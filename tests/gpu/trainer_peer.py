"""Tokens per second of Hugging Face's Trainer, in fp16 mixed precision, on the work that on_device.sh gives to
sciexam-run: a random DeBERTa multiple-choice network, steps of two questions with five options of equal length, AdamW,
dropout. With PyPI's disentangled-flash installed, also with its attention."""
import argparse
import json
import sys
import tempfile
import time

try:
    import torch
    import transformers
    from transformers import DebertaV2Config, DebertaV2ForMultipleChoice, Trainer, TrainerCallback, TrainingArguments
except ImportError as error:
    sys.exit(f"{error}")

try:
    import disentangled_flash
except ImportError:
    disentangled_flash = None

QUESTIONS, OPTIONS = 2, 5


class Questions(torch.utils.data.Dataset):
    def __init__(self, count, length, vocabulary):
        generator = torch.Generator().manual_seed(7)
        self.ids = torch.randint(5, vocabulary, (count, OPTIONS, length), generator=generator)
        self.labels = torch.randint(0, OPTIONS, (count,), generator=generator)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"input_ids": self.ids[i], "attention_mask": torch.ones_like(self.ids[i]), "labels": self.labels[i]}


class Clock(TrainerCallback):
    """Seconds between the end of the warm-up's last step and the last one."""

    def __init__(self, warm_up):
        self.warm_up, self.times = warm_up, []

    def on_step_end(self, args, state, control, **kwargs):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())

    def seconds_per_step(self):
        return (self.times[-1] - self.times[self.warm_up - 1]) / (len(self.times) - self.warm_up)


def measure(config, length, steps, warm_up, flash):
    model = DebertaV2ForMultipleChoice(config)
    if flash:
        disentangled_flash.optimize_deberta_training(model.deberta, backend="triton")
    clock = Clock(warm_up)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, per_device_train_batch_size=QUESTIONS, max_steps=steps + warm_up, learning_rate=5e-6, warmup_ratio=0.1,
            fp16=torch.cuda.is_available(), save_strategy="no", report_to=[], disable_tqdm=True, logging_strategy="no")
        data = Questions(QUESTIONS * (steps + warm_up), length, config.vocab_size)
        Trainer(model, arguments, train_dataset=data, callbacks=[clock]).train()
    seconds = clock.seconds_per_step()
    memory = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else float("nan")
    return {"attention": "disentangled-flash" if flash else "eager", "length": length, "ms_a_step": round(1000 * seconds, 1),
            "tokens_a_second": round(QUESTIONS * OPTIONS * length / seconds), "peak_gb": round(memory, 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--lengths", type=int, nargs="+", default=[48, 256, 512])
    parser.add_argument("--cpu", action="store_true", help="try this script without a GPU")
    options = parser.parse_args()
    if not torch.cuda.is_available() and not options.cpu:
        sys.exit("torch finds no CUDA device")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    print(f"transformers {transformers.__version__}, torch {torch.__version__}, {device}")
    config = DebertaV2Config(**json.load(open(options.config)))
    for flash in (False, True) if disentangled_flash else (False,):
        for length in options.lengths:
            print(json.dumps(measure(config, length, options.steps, options.warm_up, flash)), flush=True)


if __name__ == "__main__":
    main()
