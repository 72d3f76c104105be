# SPDX-License-Identifier: MIT
"""What the network of examples/csnn.snn reaches in snnTorch, trained as its example trains: the first of each SUBSET
pictures, 50 steps, Adam, a rate of 1e-2 and a tenth of it after epochs FIRST and SECOND.

usage: accuracy_peer.py FOLDER [--epochs 45] [--subset 10] [--batch 128] [--first 15] [--second 30] [--threads 2] [--seed 0]

FOLDER has the MNIST files. Prints the loss and the accuracy on the test pictures after each epoch. To compare: ./csnn
"""
import argparse
import time

import torch

import peer


def accuracy(model, images, labels):
    with torch.no_grad():
        guess = torch.cat([model(part).sum(0).argmax(1) for part in images.split(500)])
    return (guess == labels).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=45)
    parser.add_argument("--subset", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--first", type=int, default=15)
    parser.add_argument("--second", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    images, labels = peer.pictures(args.folder, 60000 // args.subset)
    exam = peer.pictures(args.folder, 10000 // args.subset, "t10k")
    model = peer.SnnTorch(50)
    adam = torch.optim.Adam(model.parameters(), lr=1e-2)
    rate = torch.optim.lr_scheduler.MultiStepLR(adam, [args.first, args.second])
    for epoch in range(1, args.epochs + 1):
        start, total = time.perf_counter(), 0
        for part in torch.randperm(len(images)).split(args.batch):
            loss = peer.ce_rate(model(images[part]), labels[part])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(part)
        rate.step()
        seconds = time.perf_counter() - start
        print("epoch", epoch, "loss", total / len(images), "accuracy", accuracy(model, *exam), "pictures/s", len(images) / seconds,
              flush=True)


main()
